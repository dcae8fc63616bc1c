import { Anchor, Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { counted } from "@/shared/lib/numbers";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { urls } from "@/shared/urls";

import type { Refusal } from "./impact";

type ImpactDialogProps = { opened: boolean; refusal: Refusal | null; verb: string; onDecide: (accepted: boolean) => void };

/**
 * Which agents a change would cut off, and whether it is to be made all the same (V7). Closing it loses nothing. Above another dialog, both need a
 * `Modal.Stack` around them: else Escape would close the one below too.
 */
export function ImpactDialog({ opened, refusal, verb, onDecide }: ImpactDialogProps) {
  const back = () => onDecide(false);
  return (
    <Modal stackId="impact" opened={opened} onClose={back} title={<Text fw={620}>{refusal && `${counted(refusal.wouldFail, "agent")} would fail`}</Text>} size={640}>
      <Stack>
        {refusal && <Found refusal={refusal} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" data-autofocus onClick={back}>Back to editing</Button>
          <Button color="red.8" onClick={() => onDecide(true)}>{verb} anyway</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Found({ refusal: { wouldFail, wouldFailNotReporting, examples } }: { refusal: Refusal }) {
  const more = wouldFail + wouldFailNotReporting - examples.length;
  const one = wouldFail === 1;
  return (
    <>
      <Text size="sm">
        {one ? "It gets its configuration now, and would get an error instead." : "They get their configuration now, and would get an error instead."}{" "}
        {one ? "It goes" : "They go"} on with what is loaded, but cannot start again.
      </Text>
      {examples.length > 0 && (
        <List size="sm" spacing={8} listStyleType="none" aria-label="Agents that would fail">
          {examples.map(({ id, instanceId, hostname, reporting, error }) => (
            <List.Item key={id} style={{ overflowWrap: "anywhere" }}>
              {/* In a tab of its own: what is typed here stays. */}
              <Anchor component={Link} to={urls.agent(id)} target="_blank" fw={550} inherit>{hostname || instanceId}</Anchor>{" "}
              {!reporting && <StatusBadge tone="silent">Not reporting</StatusBadge>}
              <Text size="sm" c="dimmed">{error.message}</Text>
            </List.Item>
          ))}
          {more > 0 && <List.Item c="dimmed">and {more} more</List.Item>}
        </List>
      )}
      {wouldFailNotReporting > 0 && (
        <Text size="sm" c="dimmed">
          {counted(wouldFailNotReporting, "agent")} that {wouldFailNotReporting === 1 ? "is" : "are"} not reporting now would fail when coming back.
        </Text>
      )}
    </>
  );
}
