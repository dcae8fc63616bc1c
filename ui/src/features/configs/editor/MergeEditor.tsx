import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef } from "react";

import { styleNonce } from "@/shared/lib/nonce";

import { telegrafToml } from "./language";
import classes from "./TomlEditor.module.css";

/** Two texts, the older one left; where there is no room for both, one below the other line by line. */
export default function MergeEditor({ left, right }: { left: string; right: string }) {
  const host = useRef<HTMLDivElement>(null);
  const wide = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  useEffect(() => {
    const parent = host.current!;
    const extensions = (label: string): Extension => [
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      EditorView.cspNonce.of(styleNonce),
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      lineNumbers(),
      telegrafToml,
    ];
    const collapseUnchanged = { margin: 4, minSize: 8 };
    const view = wide
      ? new MergeView({
          parent,
          a: { doc: left, extensions: extensions("Older text") },
          b: { doc: right, extensions: extensions("Newer text") },
          collapseUnchanged,
          gutter: true,
        })
      : new EditorView({
          parent,
          doc: right,
          extensions: [extensions("Differences"), unifiedMergeView({ original: left, mergeControls: false, collapseUnchanged })],
        });
    return () => view.destroy();
  }, [left, right, wide]);
  return <div ref={host} className={classes.merge} tabIndex={0} role="region" aria-label="Differences" />;
}
