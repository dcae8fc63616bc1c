import { List, Text } from "@mantine/core";

const SHOWN = 6;

/** The names of what an action is about: the first few, and how many more. */
export function Affected({ names }: { names: string[] }) {
  const more = names.length - SHOWN;
  return (
    <List size="sm" spacing={2} withPadding>
      {names.slice(0, SHOWN).map((name) => (
        <List.Item key={name}><Text span inherit fw={550} style={{ overflowWrap: "anywhere" }}>{name}</Text></List.Item>
      ))}
      {more > 0 && <List.Item c="dimmed">and {more} more</List.Item>}
    </List>
  );
}
