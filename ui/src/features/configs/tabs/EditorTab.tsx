import { Button, TextInput } from "@mantine/core";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { isApiError } from "@/api/errors";
import type { Config } from "@/api/types";
import { FormError } from "@/shared/form/FormError";
import { UnsavedGuard } from "@/shared/form/UnsavedGuard";
import { useImpact } from "@/shared/impact/use-impact";
import { notifyDone } from "@/shared/lib/notify";
import { useCan } from "@/shared/session";

import { ConflictDialog } from "../editor/ConflictDialog";
import { EditorPane } from "../editor/EditorPane";
import { ReachOfText } from "../editor/Reach";
import type { TomlEditorHandle } from "../editor/TomlEditor";
import { useConfigActions } from "../queries";

const UNDO = navigator.userAgent.includes("Mac") ? "⌘Z" : "Ctrl-Z";

/** Edits the text of a configuration. What is typed stays here until it is saved, whatever the server says. */
export function EditorTab({ config }: { config: Config }) {
  const readOnly = !useCan()("configs:write");
  const editor = useRef<TomlEditorHandle>(null);
  const [base, setBase] = useState({ toml: config.toml, version: config.currentVersion });
  const [start] = useState(config.toml);
  const [text, setText] = useState(config.toml);
  const [note, setNote] = useState("");
  const [conflict, setConflict] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { change } = useConfigActions();
  const { guarded, dialog } = useImpact("Save");
  const dirty = text !== base.toml;

  // Somebody else saved and nothing is unsaved here: show what is there now.
  const follows = config.currentVersion > base.version && !dirty && !change.isPending;
  useEffect(() => {
    if (!follows) return;
    editor.current?.replace(config.toml);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the editor has its text outside of React
    setBase({ toml: config.toml, version: config.currentVersion });
  }, [follows, config.toml, config.currentVersion]);

  const save = async (baseVersion = base.version) => {
    if (readOnly || change.isPending || (!dirty && baseVersion === base.version)) return;
    setError(null);
    setConflict(false);
    try {
      const body = { toml: text, baseVersion, ...(note.trim() && { note: note.trim() }) };
      const saved = await guarded((acceptImpact) => change.mutateAsync({ id: config.id, body: { ...body, acceptImpact } }));
      setBase({ toml: saved.toml, version: saved.currentVersion });
      setNote("");
      notifyDone(`Saved as version ${saved.currentVersion}.`);
    } catch (failure) {
      if (isApiError(failure, "edit_conflict")) setConflict(true);
      else setError(failure);
      if (isApiError(failure, "invalid_toml")) editor.current?.goTo(Number(failure.details.line), Number(failure.details.column));
    }
  };
  const takeTheirs = (toml: string, version: number) => {
    setBase({ toml, version });
    setConflict(false);
    editor.current?.replace(toml);
    editor.current?.focus();
    notifyDone(`This is version ${version}. ${UNDO} brings your text back.`);
  };
  return (
    <>
      <EditorPane
        ref={editor}
        start={start}
        fileName={config.name}
        text={text}
        readOnly={readOnly}
        onChange={setText}
        onSave={() => void save()}
        consequence={!readOnly && dirty && <ReachOfText configId={config.id} text={text} />}
        actions={
          !readOnly && (
            <>
              {dirty && (
                <TextInput
                  size="xs"
                  w={260}
                  placeholder="What changed? (optional)"
                  aria-label="Change note"
                  maxLength={1000}
                  value={note}
                  onChange={(event) => setNote(event.currentTarget.value)}
                  onKeyDown={(event) => event.key === "Enter" && void save()}
                />
              )}
              <Button size="xs" leftSection={<IconDeviceFloppy size={14} />} disabled={!dirty} loading={change.isPending} onClick={() => void save()}>
                Save
              </Button>
            </>
          )
        }
      />
      <div style={{ marginTop: 12 }}><FormError error={error} /></div>
      <ConflictDialog
        opened={conflict}
        configId={config.id}
        mine={text}
        baseVersion={base.version}
        onClose={() => setConflict(false)}
        onKeepMine={(version) => void save(version)}
        onTakeTheirs={takeTheirs}
      />
      {dialog}
      <UnsavedGuard dirty={dirty} />
    </>
  );
}
