import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import type { Extension } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, MatchDecorator, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: tags.comment, color: "var(--tc-code-comment)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--tc-code-string)" },
  { tag: [tags.number, tags.bool, tags.atom], color: "var(--tc-code-number)" },
  { tag: [tags.propertyName, tags.definition(tags.variableName)], color: "var(--tc-code-key)" },
  { tag: [tags.bracket, tags.atom], color: "var(--tc-code-table)" },
]);

const KINDS: Record<string, string> = {
  "&": "cm-tc-parameter",
  ":": "cm-tc-constant",
  $: "cm-tc-environment",
  "@": "cm-tc-secret",
};

// Parameters, constants, environment variables, secrets: the four kinds of placeholders.
const placeholders = new MatchDecorator({
  regexp: /(?:&|::|\$|@)\{[^}\n]*\}/g,
  decoration: (match) => Decoration.mark({ class: `cm-tc-placeholder ${KINDS[match[0].charAt(0)]!}` }),
});

const showPlaceholders = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = placeholders.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = placeholders.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", backgroundColor: "var(--tc-raised)", color: "var(--mantine-color-text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--mantine-color-text)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  ".cm-gutters": { backgroundColor: "var(--tc-raised)", color: "var(--mantine-color-dimmed)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 12px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--tc-code-line)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--tc-code-selection)",
  },
  ".cm-tc-placeholder": { borderRadius: "3px", padding: "1px 0", fontWeight: "600" },
  ".cm-tc-parameter, .cm-tc-parameter *": { color: "var(--tc-info) !important", backgroundColor: "var(--tc-info-tint)" },
  ".cm-tc-constant, .cm-tc-constant *": { color: "var(--tc-ok) !important", backgroundColor: "var(--tc-ok-tint)" },
  ".cm-tc-environment, .cm-tc-environment *": { color: "var(--tc-warn) !important", backgroundColor: "var(--tc-warn-tint)" },
  ".cm-tc-secret, .cm-tc-secret *": { color: "var(--tc-fail) !important", backgroundColor: "var(--tc-fail-tint)" },
  ".cm-panels": { backgroundColor: "var(--tc-sunken)", color: "inherit", borderColor: "var(--tc-line)" },
  ".cm-tooltip": {
    backgroundColor: "var(--tc-raised)",
    border: "1px solid var(--mantine-color-default-border)",
    borderRadius: "6px",
    fontFamily: "var(--mantine-font-family)",
    maxWidth: "480px",
  },
  "&.cm-merge-a .cm-changedLine": { backgroundColor: "var(--tc-fail-tint) !important" },
  "&.cm-merge-b .cm-changedLine": { backgroundColor: "var(--tc-ok-tint) !important" },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": { background: "color-mix(in srgb, var(--tc-fail-fill) 14%, transparent) !important" },
  "&.cm-merge-b .cm-changedText": { background: "color-mix(in srgb, var(--tc-ok-fill) 16%, transparent) !important" },
  "&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter": { background: "var(--tc-fail-fill) !important" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--tc-ok-fill) !important" },
  ".cm-collapsedLines": { background: "var(--tc-sunken) !important", color: "var(--mantine-color-dimmed) !important" },
  ".cm-deletedChunk": { backgroundColor: "var(--tc-fail-tint) !important" },
});

/** Telegraf's TOML with its placeholders, in the interface's colours. */
export const telegrafToml: Extension = [StreamLanguage.define(toml), syntaxHighlighting(highlight), showPlaceholders, look];
