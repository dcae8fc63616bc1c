import { Button, Menu } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconChevronDown, IconRefresh } from "@tabler/icons-react";
import { useIsFetching, useQueryClient } from "@tanstack/react-query";

const CHOICES = [
  { seconds: 0, label: "Off" },
  { seconds: 10, label: "Every 10 s" },
  { seconds: 30, label: "Every 30 s" },
  { seconds: 60, label: "Every minute" },
];

/** How often the agent pages ask again by themselves; it is remembered in this browser. */
export function useAutoRefresh() {
  const [seconds, setSeconds] = useLocalStorage({ key: "tc-agents-refresh", defaultValue: 30, getInitialValueInEffect: false });
  return { seconds, setSeconds, everyMs: seconds > 0 ? seconds * 1000 : (false as const) };
}

type RefreshControlProps = { seconds: number; onChange: (seconds: number) => void };

export function RefreshControl({ seconds, onChange }: RefreshControlProps) {
  const client = useQueryClient();
  const busy = useIsFetching({ queryKey: ["agents"] }) > 0;
  return (
    <Button.Group>
      <Button
        variant="default"
        leftSection={<IconRefresh size={15} />}
        aria-busy={busy}
        onClick={() => void client.invalidateQueries({ queryKey: ["agents"] })}
      >
        Refresh
      </Button>
      <Menu>
        <Menu.Target>
          <Button variant="default" px={10} aria-label={`Refresh by itself: ${seconds ? `every ${seconds} s` : "off"}`} rightSection={<IconChevronDown size={14} />} styles={{ section: { marginInlineStart: 4 } }}>
            {seconds ? `${seconds} s` : "off"}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Refresh by itself</Menu.Label>
          <Menu.RadioGroup value={String(seconds)} onChange={(value) => onChange(Number(value))}>
            {CHOICES.map((choice) => (
              <Menu.RadioItem key={choice.seconds} value={String(choice.seconds)} closeMenuOnClick>{choice.label}</Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Dropdown>
      </Menu>
    </Button.Group>
  );
}
