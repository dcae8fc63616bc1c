import { Select } from "@mantine/core";

const CHOICES = [
  { value: "1", label: "1 hour" },
  { value: "24", label: "24 hours" },
  { value: "72", label: "3 days" },
  { value: "168", label: "7 days" },
  { value: "720", label: "30 days" },
];

type HoursFieldProps = { value?: string; onChange?: (value: string | null) => void; error?: React.ReactNode };

export function HoursField(props: HoursFieldProps) {
  return <Select label="The link works for" data={CHOICES} allowDeselect={false} {...props} />;
}
