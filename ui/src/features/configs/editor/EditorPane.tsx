import { FileButton, Button, Skeleton } from "@mantine/core";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { lazy, type ReactNode, type Ref, Suspense, useImperativeHandle, useRef, useState } from "react";

import type { Problem } from "@/api/types";
import { downloadText, safeFileName } from "@/shared/lib/files";
import { notifyFailed } from "@/shared/lib/notify";

import { type ConfigurationFile, FILE_TYPES, readConfigurationFile } from "../files";
import { useFileDrop } from "../use-file-drop";
import classes from "./EditorPane.module.css";
import { ProblemList, problemSummary } from "./ProblemList";
import type { TomlEditorHandle } from "./TomlEditor";

// The editor is by far the largest part of the interface; only who edits loads it.
const TomlEditor = lazy(() => import("./TomlEditor"));

type EditorPaneProps = {
  ref?: Ref<TomlEditorHandle>;
  start: string;
  /** What the file is called that Download offers, without its ending. */
  fileName: string;
  /** The text as it is now. */
  text: string;
  readOnly?: boolean;
  onChange: (text: string) => void;
  /** A file was taken, and its text is in the editor now. */
  onFile?: (file: ConfigurationFile) => void;
  onSave?: () => void;
  /** What saving would mean; it stands beside what the check found. */
  consequence?: ReactNode;
  actions?: ReactNode;
};

/** The editor with what belongs to it: files in and out, what the check finds, what the colours mean. */
export function EditorPane({ ref, start, fileName, text, readOnly, onChange, onFile, onSave, consequence, actions }: EditorPaneProps) {
  const editor = useRef<TomlEditorHandle>(null);
  const [problems, setProblems] = useState<Problem[] | null>(null);
  useImperativeHandle(ref, () => editor.current!);

  const take = (file: File | null | undefined) => {
    if (!file) return;
    readConfigurationFile(file).then(
      (taken) => {
        editor.current?.replace(taken.text);
        onFile?.(taken);
      },
      (error: unknown) => notifyFailed(`Could not take ${file.name}`, error),
    );
  };
  const target = useFileDrop((files) => {
    if (files.length === 1) take(files[0]);
    else notifyFailed("The editor takes one file", new Error("Drop several files onto the list of configurations."));
  }, !readOnly);
  return (
    <div className={classes.pane}>
      <div className={classes.bar}>
        {!readOnly && (
          <FileButton accept={FILE_TYPES} onChange={take}>
            {(props) => <Button {...props} className={classes.file} size="xs" variant="default" aria-label="Upload" leftSection={<IconUpload size={14} />}>Upload</Button>}
          </FileButton>
        )}
        <Button className={classes.file} size="xs" variant="default" aria-label="Download" leftSection={<IconDownload size={14} />} onClick={() => downloadText(`${safeFileName(fileName)}.toml`, text)}>
          Download
        </Button>
        <span className={classes.verdict} role="status">{problems && problemSummary(problems)}</span>
        <span className={classes.consequence}>{consequence}</span>
        <div className={classes.spacer} />
        {actions}
      </div>
      <div className={classes.text} {...target}>
        <Suspense fallback={<Skeleton height="100%" radius={0} />}>
          <TomlEditor
            ref={editor}
            start={start}
            label="Configuration"
            readOnly={readOnly}
            onChange={onChange}
            onSave={onSave}
            onProblems={setProblems}
          />
        </Suspense>
      </div>
      {problems && <ProblemList problems={problems} onGoTo={({ line, column }) => editor.current?.goTo(line ?? 1, column ?? 1)} />}
      <div className={classes.legend}>
        <span><code>&amp;{"{name:default}"}</code> parameter from the URL</span>
        <span><code>::{"{name}"}</code> constant</span>
        <span><code>${"{NAME}"}</code> environment of the agent</span>
        <span><code>@{"{store:key}"}</code> secret of the agent</span>
      </div>
    </div>
  );
}
