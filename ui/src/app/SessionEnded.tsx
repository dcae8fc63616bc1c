import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { meQuery } from "@/shared/session";
import { urls } from "@/shared/urls";

/** Asks for the password again over a page with unsaved work, which stays as it is. */
export function SessionEnded({ username }: { username: string }) {
  const client = useQueryClient();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { password: "" },
    validate: { password: (value) => (value ? null : "Type your password") },
    submit: async ({ password }) => {
      await api.post("/api/auth/login/local", { body: { username, password } });
      await client.query({ ...meQuery, staleTime: 0 });
      await client.invalidateQueries();
    },
  });
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} title="Your session has ended">
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="md">
          <Text size="sm">
            Sign in again as <strong>{username}</strong>. What you have not saved is still on this page.
          </Text>
          <FormError error={error} />
          <PasswordInput label="Password" autoComplete="current-password" data-autofocus {...form.getInputProps("password")} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={() => location.assign(urls.signIn())}>Leave the page</Button>
            <Button type="submit" loading={busy}>Sign in</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
