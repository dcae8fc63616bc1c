import { Button, Stack, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Navigate, useNavigate } from "react-router";

import { api } from "@/api/client";
import { isApiError } from "@/api/errors";
import { FormError } from "@/shared/form/FormError";
import { NewPassword } from "@/shared/form/NewPassword";
import { useApiForm } from "@/shared/form/use-api-form";
import { emailProblem, usernameProblem } from "@/shared/lib/names";
import { Loading, LoadError } from "@/shared/parts/states";
import { authStatusQuery, sessionKeys } from "@/shared/session";
import { paths } from "@/shared/urls";

import { AuthFrame } from "../parts/AuthFrame";
import { isWaiting, useWait, WaitNotice } from "../parts/WaitNotice";
import { useSignedIn } from "../queries";
import type { SignInState } from "./SignIn";

const BEATEN: SignInState = { notice: "Somebody else has set this instance up meanwhile. Ask them for an invite." };

export default function SetUp() {
  const status = useQuery(authStatusQuery);
  const [beaten, setBeaten] = useState(false);
  if (status.isError) return <LoadError what="the state of this instance" error={status.error} onRetry={() => void status.refetch()} />;
  if (!status.data) return <Loading />;
  if (!status.data.setupRequired) {
    return beaten ? <Navigate to={paths.signIn} state={BEATEN} replace /> : <Navigate to={paths.home} replace />;
  }
  return (
    <AuthFrame title="Set up" lead="Nobody owns this instance yet. Make the owner's account: it may do everything, and invite others.">
      <SetUpForm needsCode={status.data.setupCodeRequired} onBeaten={() => setBeaten(true)} />
    </AuthFrame>
  );
}

/** `onBeaten` is called when somebody else was quicker. */
function SetUpForm({ needsCode, onBeaten }: { needsCode: boolean; onBeaten: () => void }) {
  const navigate = useNavigate();
  const signedIn = useSignedIn();
  const client = useQueryClient();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { setupCode: "", username: "", email: "", password: "" },
    validate: {
      setupCode: (value) => (needsCode && !value.trim() ? "Type the code that the controller printed when it started" : null),
      username: usernameProblem,
      email: emailProblem,
    },
    fieldOfCode: { invalid_setup_code: "setupCode" },
    submit: async ({ setupCode, ...owner }) => {
      try {
        await api.post("/api/auth/setup", { body: { ...owner, setupCode: needsCode ? setupCode.trim() : null } });
      } catch (failure) {
        if (!isApiError(failure, "set_up_already")) throw failure;
        onBeaten();
        await client.invalidateQueries({ queryKey: sessionKeys.status });
        return;
      }
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
