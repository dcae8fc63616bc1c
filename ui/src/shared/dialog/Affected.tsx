import { List, Text } from "@mantine/core";

const SHOWN = 6;

/** The names of what an action is about: one as it is, of many the first few and how many more. */
export function Affected({ names }: { names: string[] }) {
  const more = names.length - SHOWN;
  const strong = (name: string) => <Text span inherit fw={600} style={{ overflowWrap: "anywhere" }}>{name}</Text>;
  if (names.length === 1) return <Text size="sm">{strong(names[0]!)}</Text>;
  return (
    <List size="sm" spacing={2} withPadding>
      {names.slice(0, SHOWN).map((name) => <List.Item key={name}>{strong(name)}</List.Item>)}
      {more > 0 && <List.Item c="dimmed">and {more} more</List.Item>}
    </List>
  );
}
