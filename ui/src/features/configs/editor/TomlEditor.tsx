import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { type Diagnostic, forEachDiagnostic, linter, lintGutter, lintKeymap, nextDiagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";

import type { Problem } from "@/api/types";
import { styleNonce } from "@/shared/lib/nonce";

import { validateToml } from "../queries";
import { telegrafToml } from "./language";
import classes from "./TomlEditor.module.css";

export type TomlEditorHandle = {
  focus: () => void;
  /** Take another text, as one step that can be undone. */
  replace: (text: string) => void;
  /** Put the cursor where a problem is. */
  goTo: (line: number, column: number) => void;
};

type TomlEditorProps = {
  ref?: Ref<TomlEditorHandle>;
  /** What the editor begins with; later changes of it are ignored. */
  start: string;
  label: string;
  readOnly?: boolean;
  onChange?: (text: string) => void;
  onSave?: () => void;
  onProblems?: (problems: Problem[]) => void;
};

/** An editor for Telegraf's TOML. The server checks the text while somebody types; problems are underlined. */
export default function TomlEditor({ ref, start, label, readOnly = false, ...callbacks }: TomlEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(callbacks);
  const first = useRef(start);
  useEffect(() => {
    latest.current = callbacks;
  });

  useEffect(() => {
    const changes = EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
    });
    const save = { key: "Mod-s", preventDefault: true, run: () => (latest.current.onSave?.(), true) };
    const editing: Extension = readOnly
      ? [EditorState.readOnly.of(true), EditorView.editable.of(false), EditorView.contentAttributes.of({ tabindex: "0" })]
      : [
          EditorView.contentAttributes.of({ tabindex: "0" }),
          typedOverSelection,
          history(),
          keymap.of([save, ...historyKeymap, indentWithTab]),
          checks((found) => latest.current.onProblems?.(found)),
          changes,
        ];
    const created = new EditorView({
      parent: host.current!,
      state: EditorState.create({ doc: first.current, extensions: [editing, reading(label)] }),
    });
    view.current = created;
    return () => {
      created.destroy();
      view.current = null;
    };
  }, [readOnly, label, first]);

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    // Isolated: what was typed within the last half second would else be undone, and so lost, in the same step.
    replace: (text) =>
      view.current?.dispatch({
        changes: { from: 0, to: view.current.state.doc.length, insert: text },
        annotations: isolateHistory.of("full"),
      }),
    goTo: (line, column) => {
      const editor = view.current;
      if (!editor) return;
      const anchor = positionOf(editor.state.doc, line, column);
      editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      editor.focus();
    },
  }));
  return <div ref={host} className={classes.editor} />;
}

function reading(label: string): Extension {
  return [
    EditorView.cspNonce.of(styleNonce),
    EditorView.contentAttributes.of({ "aria-label": label }),
    telegrafToml,
    lineNumbers(),
    highlightSpecialChars(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    drawSelection(),
    bracketMatching(),
    indentUnit.of("  "),
    search({ top: true }),
    keymap.of([...defaultKeymap, ...searchKeymap, ...lintKeymap, { key: "F8", run: nextDiagnostic }]),
  ];
}

/**
 * Takes what is typed in place of a selection itself. Chromium would carry the colour of the old text over with a style
 * attribute, which the content security policy refuses with an error in the console.
 */
const typedOverSelection = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== "insertText" || event.data === null || view.composing || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

function checks(onProblems: (problems: Problem[]) => void): Extension {
  const ask = async (view: EditorView): Promise<Diagnostic[]> => {
    const { doc } = view.state;
    try {
      const { problems } = await validateToml(doc.toString());
      onProblems(problems);
      return problems.map((problem) => diagnosticOf(doc, problem));
    } catch {
      // A check that fails must not take away what the last one found; saving says what is wrong.
      const kept: Diagnostic[] = [];
      forEachDiagnostic(view.state, (diagnostic, from, to) => kept.push({ ...diagnostic, from, to }));
      return kept;
    }
  };
  return [linter(ask, { delay: 400 }), lintGutter()];
}

function diagnosticOf(doc: Text, problem: Problem): Diagnostic {
  const from = positionOf(doc, problem.line ?? 1, problem.column ?? 1);
  const line = doc.lineAt(from);
  const word = /^[^\s=\],]+/.exec(line.text.slice(from - line.from))?.[0].length ?? 0;
  const to = Math.min(line.to, from + Math.max(1, word));
  return { from: from === line.to ? line.from : from, to, severity: problem.severity, message: problem.message };
}

/** Where a line and column, both counted from 1, are in a text; what lies outside is its nearest place inside. */
function positionOf(doc: Text, line: number, column: number): number {
  const there = doc.line(Math.min(Math.max(1, line), doc.lines));
  return Math.min(there.from + Math.max(0, column - 1), there.to);
}
