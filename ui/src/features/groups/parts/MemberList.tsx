import { closestCenter, DndContext, type DragEndEvent, KeyboardSensor, PointerSensor, useSensor, useSensors } from "@dnd-kit/core";
import { arrayMove, SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { ActionIcon, UnstyledButton } from "@mantine/core";
import { IconGripVertical, IconX } from "@tabler/icons-react";
import { Link } from "react-router";

import { urls } from "@/shared/urls";

import classes from "./Members.module.css";

export type Member = { id: string; name: string };

type MemberListProps = { members: Member[]; readOnly: boolean; onChange: (members: Member[]) => void };

/** The members in order. The grip is dragged, or lifted with Space and moved with the arrow keys. */
export function MemberList({ members, readOnly, onChange }: MemberListProps) {
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const place = (id: unknown) => members.findIndex((member) => member.id === id);
  const name = (id: unknown) => members[place(id)]?.name ?? "";
  const end = ({ active, over }: DragEndEvent) => {
    if (over && over.id !== active.id) onChange(arrayMove(members, place(active.id), place(over.id)));
  };
  const announcements = {
    onDragStart: ({ active }: { active: { id: unknown } }) => `${name(active.id)} is lifted, at place ${place(active.id) + 1}.`,
    onDragOver: ({ active, over }: { active: { id: unknown }; over: { id: unknown } | null }) =>
      over ? `${name(active.id)} is over place ${place(over.id) + 1}.` : undefined,
    onDragEnd: ({ active, over }: { active: { id: unknown }; over: { id: unknown } | null }) =>
      over ? `${name(active.id)} is put down at place ${place(over.id) + 1}.` : `${name(active.id)} is put down.`,
    onDragCancel: ({ active }: { active: { id: unknown } }) => `${name(active.id)} is back at its place.`,
  };
  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={end} accessibility={{ announcements }}>
      <SortableContext items={members} strategy={verticalListSortingStrategy} disabled={readOnly}>
        <ol className={classes.list} aria-label="Members in order">
          {members.map((member, index) => (
            <MemberRow
              key={member.id}
              member={member}
              number={index + 1}
              readOnly={readOnly}
              onRemove={() => onChange(members.filter((one) => one.id !== member.id))}
            />
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  );
}

type MemberRowProps = { member: Member; number: number; readOnly: boolean; onRemove: () => void };

function MemberRow({ member, number, readOnly, onRemove }: MemberRowProps) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id: member.id });
  return (
    <li
      ref={setNodeRef}
      className={classes.member}
      data-lifted={isDragging || undefined}
      style={{ transform: CSS.Translate.toString(transform), transition }}
    >
      {!readOnly && (
        <UnstyledButton ref={setActivatorNodeRef} className={classes.handle} aria-label={`Move ${member.name}`} {...attributes} {...listeners}>
          <IconGripVertical size={15} aria-hidden />
        </UnstyledButton>
      )}
      <span className={classes.number}>{number}</span>
      <Link className={`tc-plain ${classes.name}`} to={urls.config(member.id)}>{member.name}</Link>
      {!readOnly && (
        <ActionIcon size="sm" aria-label={`Take ${member.name} out`} onClick={onRemove}>
          <IconX size={15} />
        </ActionIcon>
      )}
    </li>
  );
}
