import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useLocation, useNavigate, useSearchParams } from "react-router";

import { api } from "@/api/client";
import { FormError } from "@/shared/form/FormError";
import { PasswordField } from "@/shared/form/PasswordField";
import { useApiForm } from "@/shared/form/use-api-form";
import { Notice } from "@/shared/parts/Notice";
import { authStatusQuery, meQuery } from "@/shared/session";
import { paths, safeReturnPath } from "@/shared/urls";

import { AuthFrame } from "../parts/AuthFrame";
import { isWaiting, useWait, WaitNotice } from "../parts/WaitNotice";
import { useSignedIn } from "../queries";

/** What a page before this one wants said here: `{ notice: "Your password is set." }`. */
export type SignInState = { notice?: string } | null;

export default function SignIn() {
  const status = useQuery(authStatusQuery);
  const me = useQuery(meQuery);
  const returnTo = safeReturnPath(useSearchParams()[0].get("return"));
  if (status.data?.setupRequired) return <Navigate to={paths.setUp} replace />;
  if (me.data) return <Navigate to={returnTo} replace />;
  return (
    <AuthFrame title="Sign in">
      <SignInForm returnTo={returnTo} />
    </AuthFrame>
  );
}

function SignInForm({ returnTo }: { returnTo: string }) {
  const navigate = useNavigate();
  const signedIn = useSignedIn();
  const { notice } = (useLocation().state as SignInState) ?? {};
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { username: "", password: "" },
    validate: {
      username: (value) => (value.trim() ? null : "Type your username or e-mail address"),
      password: (value) => (value ? null : "Type your password"),
    },
    submit: async ({ username, password }) => {
      await api.post("/api/auth/login/local", { body: { username: username.trim(), password } });
      await signedIn();
      void navigate(returnTo, { replace: true });
    },
  });
  const wait = useWait(error);
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack gap="md">
        {notice && !error && <Notice tone="ok" role="status">{notice}</Notice>}
        {wait ? <WaitNotice wait={wait} /> : <FormError error={isWaiting(error) ? null : error} />}
        <TextInput label="Username or e-mail" autoComplete="username" autoFocus {...form.getInputProps("username")} />
        <PasswordField label="Password" autoComplete="current-password" {...form.getInputProps("password")} />
        <Button type="submit" fullWidth loading={busy} disabled={wait !== null}>Sign in</Button>
        <Text size="xs" c="dimmed">
          Forgot your password? An administrator can give you a reset link.
        </Text>
      </Stack>
    </form>
  );
}
