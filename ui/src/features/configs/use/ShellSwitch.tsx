import { SegmentedControl } from "@mantine/core";

import type { Shell } from "./command";

const SHELLS: { value: Shell; label: string }[] = [
  { value: "posix", label: "Linux, macOS" },
  { value: "powershell", label: "Windows" },
];

/** For which system a command is written. */
export function ShellSwitch({ value, onChange }: { value: Shell; onChange: (shell: Shell) => void }) {
  return <SegmentedControl size="xs" aria-label="Shell" value={value} onChange={onChange} data={SHELLS} />;
}
