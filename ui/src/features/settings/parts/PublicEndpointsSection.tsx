import { Button, Group, Stack, TextInput } from "@mantine/core";

import type { Settings } from "@/api/types";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { Section } from "@/shared/parts/Section";
import { useCan } from "@/shared/session";

import { useChangeSettings } from "../queries";

/** Under which addresses people and agents reach this instance. */
export function PublicEndpointsSection({ endpoints }: { endpoints: Settings["publicEndpoints"] }) {
  const readOnly = !useCan()("settings:write");
  const change = useChangeSettings();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { uiUrl: endpoints.uiUrl ?? "", apiUrl: endpoints.apiUrl ?? "", heartbeatUrl: endpoints.heartbeatUrl ?? "" },
    fieldOfRequest: {
      "publicEndpoints.uiUrl": "uiUrl",
      "publicEndpoints.apiUrl": "apiUrl",
      "publicEndpoints.heartbeatUrl": "heartbeatUrl",
    },
    submit: async (values) => {
      const given = (value: string) => value.trim() || null;
      await change.mutateAsync({
        publicEndpoints: { uiUrl: given(values.uiUrl), apiUrl: given(values.apiUrl), heartbeatUrl: given(values.heartbeatUrl) },
      });
      form.resetDirty();
      notifyDone("The public endpoints are saved.");
    },
  });
  const { hostname, origin, protocol } = location;
  return (
    <Section
      title="Public endpoints"
      lead="How agents and people reach this instance from where they are, for example through a proxy. Links, commands and new configurations are made with these."
    >
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="sm" maw={520}>
          <TextInput label="Web interface" description="Links in invites and password resets" placeholder={origin} readOnly={readOnly} {...form.getInputProps("uiUrl")} />
          <TextInput label="API" description="Where agents fetch configurations" placeholder={origin} readOnly={readOnly} {...form.getInputProps("apiUrl")} />
          <TextInput label="Heartbeats" description="Where agents report" placeholder={`${protocol}//${hostname}:8000`} readOnly={readOnly} {...form.getInputProps("heartbeatUrl")} />
          <FormError error={error} />
          {!readOnly && <Group><Button type="submit" loading={busy} disabled={!form.isDirty()}>Save</Button></Group>}
        </Stack>
      </form>
    </Section>
  );
}
