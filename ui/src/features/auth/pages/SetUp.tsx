import { Button, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate } from "react-router";

import { api } from "@/api/client";
import { FormError } from "@/shared/form/FormError";
import { NewPassword } from "@/shared/form/NewPassword";
import { useApiForm } from "@/shared/form/use-api-form";
import { emailProblem, usernameProblem } from "@/shared/lib/names";
import { Loading, LoadError } from "@/shared/parts/states";
import { authStatusQuery } from "@/shared/session";
import { paths } from "@/shared/urls";

import { AuthFrame } from "../parts/AuthFrame";
import { isWaiting, useWait, WaitNotice } from "../parts/WaitNotice";
import { useSignedIn } from "../queries";

export default function SetUp() {
  const status = useQuery(authStatusQuery);
  if (status.isError) return <LoadError what="the state of this instance" error={status.error} onRetry={() => void status.refetch()} />;
  if (!status.data) return <Loading />;
  if (!status.data.setupRequired) return <Navigate to={paths.home} replace />;
  return (
    <AuthFrame title="Set up" lead="Nobody owns this instance yet. Make the owner's account: it may do everything, and invite others.">
      <SetUpForm needsCode={status.data.setupCodeRequired} />
    </AuthFrame>
  );
}

function SetUpForm({ needsCode }: { needsCode: boolean }) {
  const navigate = useNavigate();
  const signedIn = useSignedIn();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { setupCode: "", username: "", email: "", password: "" },
    validate: {
      setupCode: (value) => (needsCode && !value.trim() ? "Type the code that the controller printed when it started" : null),
      username: usernameProblem,
      email: emailProblem,
    },
    fieldOfCode: { invalid_setup_code: "setupCode" },
    submit: async ({ setupCode, ...owner }) => {
      await api.post("/api/auth/setup", { body: { ...owner, setupCode: needsCode ? setupCode.trim() : null } });
      await signedIn();
      void navigate(paths.start, { replace: true });
    },
  });
  const wait = useWait(error);
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack gap="md">
        {wait ? <WaitNotice wait={wait} /> : <FormError error={isWaiting(error) ? null : error} />}
        {needsCode && (
          <TextInput
            label="Set-up code"
            description="The controller printed it when it started; it is in its log."
            autoComplete="off"
            autoFocus
            classNames={{ input: "tc-mono" }}
            {...form.getInputProps("setupCode")}
          />
        )}
        <TextInput label="Username" autoComplete="username" autoFocus={!needsCode} {...form.getInputProps("username")} />
        <TextInput label="E-mail" type="email" autoComplete="email" {...form.getInputProps("email")} />
        <NewPassword label="Password" typed={form.values.password} {...form.getInputProps("password")} />
        <Button type="submit" fullWidth loading={busy} disabled={wait !== null}>Become the owner</Button>
      </Stack>
    </form>
  );
}
