import { Group, Input, NativeSelect, NumberInput } from "@mantine/core";
import { type ReactNode, useId, useState } from "react";

import { joinDuration, splitDuration, type Unit } from "@/shared/lib/duration";

const UNITS: { value: Unit; label: string }[] = [
  { value: "s", label: "seconds" },
  { value: "min", label: "minutes" },
  { value: "h", label: "hours" },
  { value: "days", label: "days" },
];

type DurationInputProps = {
  label: string;
  description?: ReactNode;
  /** Seconds. */
  value?: number;
  onChange?: (seconds: number) => void;
  error?: ReactNode;
  disabled?: boolean;
  "data-path"?: string;
};

/** A duration as people say it: a number and its unit. */
export function DurationInput({ label, description, value = 0, onChange, error, disabled, ...rest }: DurationInputProps) {
  const id = useId();
  const [unit, setUnit] = useState<Unit>(() => splitDuration(value).unit);
  const [amount, setAmount] = useState<number | string>(() => splitDuration(value).amount);
  const tell = (nextAmount: number | string, nextUnit: Unit) => {
    setAmount(nextAmount);
    setUnit(nextUnit);
    onChange?.(typeof nextAmount === "number" ? joinDuration(nextAmount, nextUnit) : 0);
  };
  return (
    <Input.Wrapper id={id} label={label} description={description} error={error}>
      <Group gap={8} wrap="nowrap" mt={4} mb={error ? 4 : 0}>
        <NumberInput
          id={id}
          min={1}
          allowDecimal={false}
          allowNegative={false}
          thousandSeparator=","
          w={120}
          value={amount}
          disabled={disabled}
          error={Boolean(error)}
          onChange={(next) => tell(next, unit)}
          {...rest}
        />
        <NativeSelect
          aria-label={`${label}: unit`}
          data={UNITS}
          value={unit}
          disabled={disabled}
          w={116}
          onChange={(event) => tell(amount, event.currentTarget.value as Unit)}
        />
      </Group>
    </Input.Wrapper>
  );
}
