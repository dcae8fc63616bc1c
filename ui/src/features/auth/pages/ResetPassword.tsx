import { Button, Stack } from "@mantine/core";
import { IconLinkOff } from "@tabler/icons-react";
import { Link, useNavigate, useParams } from "react-router";

import { api } from "@/api/client";
import { isApiError } from "@/api/errors";
import { FormError } from "@/shared/form/FormError";
import { NewPassword } from "@/shared/form/NewPassword";
import { useApiForm } from "@/shared/form/use-api-form";
import { EmptyState } from "@/shared/parts/states";
import { paths } from "@/shared/urls";

import { AuthFrame } from "../parts/AuthFrame";
import { isWaiting, useWait, WaitNotice } from "../parts/WaitNotice";
import type { SignInState } from "./SignIn";

export default function ResetPassword() {
  const { secret = "" } = useParams();
  const navigate = useNavigate();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { password: "" },
    submit: async ({ password }) => {
      const { username } = await api.post("/api/password-resets/complete", { body: { secret, password } });
      const state: SignInState = { notice: `The password of ${username} is set. Sign in with it.` };
      void navigate(paths.signIn, { replace: true, state });
    },
  });
  const wait = useWait(error);
  if (isApiError(error, "not_found")) return <NoLink />;
  return (
    <AuthFrame title="New password" lead="The link works once. Wherever you are signed in now, you will be signed out.">
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="md">
          {wait ? <WaitNotice wait={wait} /> : <FormError error={isWaiting(error) ? null : error} />}
          <NewPassword label="New password" typed={form.values.password} autoFocus {...form.getInputProps("password")} />
          <Button type="submit" fullWidth loading={busy} disabled={wait !== null}>Set the password</Button>
        </Stack>
      </form>
    </AuthFrame>
  );
}

function NoLink() {
  return (
    <AuthFrame title="New password">
      <EmptyState
        icon={<IconLinkOff size={22} stroke={1.6} />}
        title="This link is no longer valid"
        text="It was used already or has ended. An administrator can make a new one."
        action={<Button component={Link} to={paths.signIn} size="xs" variant="default">To the sign-in page</Button>}
      />
    </AuthFrame>
  );
}
