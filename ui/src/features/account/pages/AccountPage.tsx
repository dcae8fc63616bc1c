import { Button, Group, Stack, TextInput } from "@mantine/core";

import { FormError } from "@/shared/form/FormError";
import { NewPassword } from "@/shared/form/NewPassword";
import { PasswordField } from "@/shared/form/PasswordField";
import { useApiForm } from "@/shared/form/use-api-form";
import { emailProblem, usernameProblem } from "@/shared/lib/names";
import { notifyDone } from "@/shared/lib/notify";
import { PageHeader } from "@/shared/parts/PageHeader";
import { Section } from "@/shared/parts/Section";
import { useMe } from "@/shared/session";

import { SessionsSection } from "../parts/SessionsSection";
import { useAccountActions } from "../queries";

export default function AccountPage() {
  const { user } = useMe();
  return (
    <div style={{ maxWidth: 860 }}>
      <PageHeader title="Account" lead="Your own name, e-mail, password and sessions." />
      <ProfileSection />
      {user.authProvider === "local" && <PasswordSection />}
      <SessionsSection />
    </div>
  );
}

function ProfileSection() {
  const { user, role } = useMe();
  const { change } = useAccountActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { username: user.username, email: user.email },
    validate: { username: usernameProblem, email: emailProblem },
    fieldOfCode: { username_conflict: "username", email_conflict: "email" },
    submit: async (values) => {
      await change.mutateAsync(values);
      form.resetDirty();
      notifyDone("Your account is saved.");
    },
  });
  return (
    <Section title="Profile" lead={<>You are signed in as {role}. Tokens and changes show this name.</>}>
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="sm" maw={420}>
          <TextInput label="Username" autoComplete="username" {...form.getInputProps("username")} />
          <TextInput label="E-mail" type="email" autoComplete="email" {...form.getInputProps("email")} />
          <FormError error={error} />
          <Group><Button type="submit" loading={busy} disabled={!form.isDirty()}>Save</Button></Group>
        </Stack>
      </form>
    </Section>
  );
}

function PasswordSection() {
  const { changePassword } = useAccountActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { currentPassword: "", newPassword: "" },
    validate: {
      currentPassword: (value) => (value ? null : "Type your current password"),
      newPassword: (value) => (value ? null : "Choose a new password"),
    },
    fieldOfCode: { wrong_password: "currentPassword" },
    submit: async (values) => {
      await changePassword.mutateAsync(values);
      form.reset();
      notifyDone("Your password is changed. Your other sessions have ended.");
    },
  });
  return (
    <Section title="Password" lead="Changing it signs you out everywhere else.">
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="sm" maw={420}>
          <PasswordField label="Current password" autoComplete="current-password" {...form.getInputProps("currentPassword")} />
          <NewPassword
            label="New password"
            typed={form.values.newPassword}
            {...form.getInputProps("newPassword")}
          />
          <FormError error={error} />
          <Group><Button type="submit" loading={busy}>Change password</Button></Group>
        </Stack>
      </form>
    </Section>
  );
}
