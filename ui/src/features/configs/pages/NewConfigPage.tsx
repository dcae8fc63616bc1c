import { Button, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";

import { isApiError } from "@/api/errors";
import { useEndpoints } from "@/shared/endpoints";
import { FormError } from "@/shared/form/FormError";
import { UnsavedGuard } from "@/shared/form/UnsavedGuard";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { PageHeader } from "@/shared/parts/PageHeader";
import { urls } from "@/shared/urls";

import { EditorPane } from "../editor/EditorPane";
import type { TomlEditorHandle } from "../editor/TomlEditor";
import { forgetHandedOver, handedOverFile } from "../files";
import { useConfigActions } from "../queries";
import { firstConfiguration } from "../template";

export default function NewConfigPage() {
  const navigate = useNavigate();
  const { heartbeat } = useEndpoints();
  const editor = useRef<TomlEditorHandle>(null);
  const [file] = useState(handedOverFile);
  const [start] = useState(() => file?.text ?? firstConfiguration(heartbeat));
  const [text, setText] = useState(start);
  const [created, setCreated] = useState<string | null>(null);
  const { create } = useConfigActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { name: file?.name ?? "", description: "" },
    validate: { name: (value) => (value.trim() ? null : "Give it a name") },
    fieldOfCode: { config_name_conflict: "name" },
    submit: async ({ name, description }) => {
      try {
        const made = await create.mutateAsync({ name: name.trim(), description: description.trim(), toml: text });
        notifyDone(`${made.name} is created.`);
        setCreated(made.id);
      } catch (failure) {
        if (isApiError(failure, "invalid_toml")) editor.current?.goTo(Number(failure.details.line), Number(failure.details.column));
        throw failure;
      }
    },
  });
  useEffect(() => forgetHandedOver, []);
  // After the guard has seen that nothing is unsaved any more.
  useEffect(() => {
    if (created) void navigate(urls.config(created), { replace: true });
  }, [created, navigate]);
  const save = () => onSubmit();
  return (
    <>
      <PageHeader title="New configuration" back={{ to: urls.configs, label: "Configurations" }} />
      <form onSubmit={onSubmit} noValidate>
        <div style={{ display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(240px, 1fr))", gap: 12, marginBottom: 16 }}>
          <TextInput label="Name" placeholder="linux-base" maxLength={100} autoFocus {...form.getInputProps("name")} />
          <TextInput label="Description" maxLength={1000} {...form.getInputProps("description")} />
        </div>
      </form>
      <EditorPane
        ref={editor}
        start={start}
        fileName={form.values.name || "telegraf"}
        text={text}
        onChange={setText}
        onFile={({ name }) => form.values.name.trim() || form.setFieldValue("name", name)}
        onSave={save}
        actions={<Button size="xs" loading={busy} onClick={save}>Create configuration</Button>}
      />
      <div style={{ marginTop: 12 }}><FormError error={error} /></div>
      <UnsavedGuard dirty={created === null && (file !== null || text !== start || form.isDirty())} />
    </>
  );
}
