import { Group, Input, SegmentedControl, Text, TextInput } from "@mantine/core";

import { dayOf } from "@/shared/lib/time";
import { useNow } from "@/shared/lib/use-now";

import { type Expiry, EXPIRY_CHOICES, expiryInstant, expiryProblem } from "./expiry";

type ExpiryFieldProps = { value: Expiry; onChange: (value: Expiry) => void; error?: string };

export function ExpiryField({ value, onChange, error }: ExpiryFieldProps) {
  const now = useNow();
  const end = expiryProblem(value, now) === null ? expiryInstant(value, now) : null;
  return (
    <Input.Wrapper label="Expires" labelElement="div" error={error}>
      <Group gap="sm" mt={4}>
        <SegmentedControl
          size="xs"
          aria-label="Expires"
          data={EXPIRY_CHOICES.map((choice) => ({ ...choice }))}
          value={value.choice}
          onChange={(choice) => onChange({ ...value, choice })}
        />
        {value.choice === "date" && (
          <TextInput
            size="xs"
            type="date"
            aria-label="Expiry date"
            min={new Date(now.getTime()).toISOString().slice(0, 10)}
            value={value.date}
            onChange={(event) => onChange({ ...value, date: event.currentTarget.value })}
          />
        )}
        <Text size="xs" c="dimmed">
          {value.choice === "never" ? "It works until somebody revokes it." : end && `Until ${dayOf(new Date(end))}.`}
        </Text>
      </Group>
    </Input.Wrapper>
  );
}
