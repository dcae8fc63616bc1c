import { Button, Stack, TextInput } from "@mantine/core";
import { IconMailOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "react-router";

import { api } from "@/api/client";
import { isApiError } from "@/api/errors";
import { FormError } from "@/shared/form/FormError";
import { NewPassword } from "@/shared/form/NewPassword";
import { useApiForm } from "@/shared/form/use-api-form";
import { relativeTime } from "@/shared/lib/time";
import { EmptyState, Loading, LoadError } from "@/shared/parts/states";
import { paths } from "@/shared/urls";

import { AuthFrame } from "../parts/AuthFrame";
import { inviteQuery, useSignedIn } from "../queries";

export default function AcceptInvite() {
  const { secret = "" } = useParams();
  const invite = useQuery(inviteQuery(secret));
  if (isApiError(invite.error, "not_found")) return <NoInvite />;
  if (invite.isError) return <LoadError what="the invite" error={invite.error} onRetry={() => void invite.refetch()} />;
  if (!invite.data) return <Loading />;
  const { username, role, email, expiresAt } = invite.data;
  return (
    <AuthFrame
      title={`Welcome, ${username}`}
      lead={`You are invited to join as ${role}. The link works once and ends ${relativeTime(new Date(expiresAt), new Date())}.`}
    >
      <AcceptForm secret={secret} username={username} email={email} />
    </AuthFrame>
  );
}

function AcceptForm(props: { secret: string; username: string; email: string }) {
  const navigate = useNavigate();
  const signedIn = useSignedIn();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { password: "" },
    submit: async ({ password }) => {
      await api.post("/api/invites/accept", { body: { secret: props.secret, password } });
      await signedIn();
      void navigate(paths.home, { replace: true });
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack gap="md">
        <FormError error={error} />
        <TextInput label="Username" autoComplete="username" value={props.username} readOnly description={props.email} />
        <NewPassword label="Choose a password" typed={form.values.password} autoFocus {...form.getInputProps("password")} />
        <Button type="submit" fullWidth loading={busy}>Join</Button>
      </Stack>
    </form>
  );
}

function NoInvite() {
  return (
    <AuthFrame title="Invite">
      <EmptyState
        icon={<IconMailOff size={22} stroke={1.6} />}
        title="This invite is no longer valid"
        text="It was used already, has ended, or was taken back. Ask whoever sent it for a new one."
        action={<Button component={Link} to={paths.signIn} size="xs" variant="default">To the sign-in page</Button>}
      />
    </AuthFrame>
  );
}
