import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import type { InviteCreated } from "@/api/types";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { emailProblem, usernameProblem } from "@/shared/lib/names";
import { SecretOnce } from "@/shared/parts/SecretOnce";
import { useMe } from "@/shared/session";

import { useUserActions } from "../queries";
import { givableRoles, type GivenRole } from "../roles";
import { HoursField } from "./HoursField";
import { RoleField } from "./RoleField";

/** Asks somebody to join; the link is shown once, to be sent by whatever way people use (U5). */
export function InviteDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [created, setCreated] = useState<InviteCreated | null>(null);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={620}>{created ? `Invite for ${created.username}` : "Invite a user"}</Text>}
      size={created ? 620 : 460}
      closeOnEscape={!created}
      closeOnClickOutside={!created}
      onExitTransitionEnd={() => setCreated(null)}
    >
      {created ? (
        <Stack>
          <SecretOnce value={created.link} label="link" note={`Send it to ${created.email}. It works once.`} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>Done</Button></Group>
        </Stack>
      ) : (
        <InviteForm onCreated={setCreated} onCancel={onClose} />
      )}
    </Modal>
  );
}

function InviteForm({ onCreated, onCancel }: { onCreated: (invite: InviteCreated) => void; onCancel: () => void }) {
  const me = useMe();
  const { invite } = useUserActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { username: "", email: "", role: "viewer" as GivenRole, expiresInHours: "72" },
    validate: { username: usernameProblem, email: emailProblem },
    fieldOfCode: { username_conflict: "username", email_conflict: "email" },
    submit: async (values) => {
      onCreated(await invite.mutateAsync({ ...values, provider: "local", expiresInHours: Number(values.expiresInHours) }));
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <FormError error={error} />
        <TextInput label="Username" data-autofocus autoComplete="off" {...form.getInputProps("username")} />
        <TextInput label="E-mail" type="email" autoComplete="off" {...form.getInputProps("email")} />
        <RoleField roles={givableRoles(me)} {...form.getInputProps("role")} />
        <HoursField {...form.getInputProps("expiresInHours")} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>Cancel</Button>
          <Button type="submit" loading={busy}>Create invite</Button>
        </Group>
      </Stack>
    </form>
  );
}
