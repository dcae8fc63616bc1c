import { Button, Group, NumberInput, Radio, Stack } from "@mantine/core";

import type { PasswordComplexity, Settings } from "@/api/types";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { Section } from "@/shared/parts/Section";
import { useCan } from "@/shared/session";

import { useChangeSettings } from "../queries";

const COMPLEXITIES: { value: PasswordComplexity; label: string; description: string }[] = [
  { value: "low", label: "Low", description: "At least 8 characters" },
  { value: "medium", label: "Medium", description: "At least 10 characters with upper case, lower case and a digit" },
  { value: "high", label: "High", description: "At least 12 characters, and a special character among them" },
];

/** What protects accounts from guessing (U9, U10). */
export function LoginSecuritySection({ security }: { security: Settings["loginSecurity"] }) {
  const readOnly = !useCan()("settings:write");
  const change = useChangeSettings();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { ...security },
    fieldOfRequest: {
      "loginSecurity.attempts": "attempts",
      "loginSecurity.lockoutMinutes": "lockoutMinutes",
      "loginSecurity.passwordComplexity": "passwordComplexity",
    },
    submit: async (values) => {
      await change.mutateAsync({ loginSecurity: values });
      form.resetDirty();
      notifyDone("The login security is saved.");
    },
  });
  return (
    <Section title="Login security" lead="Password rules hold when a password is set, never for those that exist.">
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="md">
          <Group gap="md" align="flex-start">
            <NumberInput label="Failed sign-ins until an account locks" min={1} max={100} allowDecimal={false} w={260} readOnly={readOnly} {...form.getInputProps("attempts")} />
            <NumberInput label="Minutes it stays locked" min={1} max={10080} allowDecimal={false} w={200} readOnly={readOnly} {...form.getInputProps("lockoutMinutes")} />
          </Group>
          <Radio.Group label="New passwords" {...form.getInputProps("passwordComplexity")}>
            <Stack gap={8} mt={6}>
              {COMPLEXITIES.map((one) => <Radio key={one.value} size="xs" disabled={readOnly} {...one} />)}
            </Stack>
          </Radio.Group>
          <FormError error={error} />
          {!readOnly && <Group><Button type="submit" loading={busy} disabled={!form.isDirty()}>Save</Button></Group>}
        </Stack>
      </form>
    </Section>
  );
}
