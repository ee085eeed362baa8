// The code editor: CodeMirror in a shadow root.
//
// In a document CodeMirror adds a <style> element, which our Content-Security-Policy forbids. In a shadow root it
// adopts constructed style sheets, which no policy has to allow.

import { autocompletion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers, tooltips } from "@codemirror/view";
import { errorField, showError } from "./error.js";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: [tags.variableName, tags.local(tags.variableName)], color: "var(--code-variable)" },
  { tag: [tags.string, tags.number, tags.bool, tags.literal], color: "var(--code-value)" },
  { tag: [tags.url, tags.namespace, tags.propertyName, tags.typeName], color: "var(--code-name)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
]);

const THEME = EditorView.theme({
  "&": { color: "var(--ds-color-neutral-text-default)", backgroundColor: "var(--ds-color-neutral-background-default)", fontSize: "inherit" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", maxHeight: "max(60vh, 24em)" },
  ".cm-content": { caretColor: "var(--ds-color-neutral-text-default)", padding: ".6em 0", minHeight: "12em" },
  ".cm-cursor": { borderLeftColor: "var(--ds-color-neutral-text-default)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--ds-color-neutral-text-subtle)", border: "none" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--code-selection) !important", outline: "1px solid var(--ds-color-neutral-text-subtle)" },
  ".cm-tooltip": {
    backgroundColor: "var(--ds-color-neutral-background-default)",
    color: "var(--ds-color-neutral-text-default)",
    border: "1px solid var(--ds-color-neutral-text-subtle)",
    borderRadius: "4px",
  },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "18em", maxWidth: "min(38em, 90vw)" },
  ".cm-tooltip-autocomplete > ul > li": { padding: ".25em .5em" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--ds-color-info-text-subtle)", color: "var(--ds-color-neutral-background-default)" },
  ".cm-completionDetail": { fontFamily: "var(--ds-font-family)", fontStyle: "normal", color: "var(--ds-color-neutral-text-subtle)", marginLeft: ".8em" },
  "li[aria-selected] .cm-completionDetail": { color: "var(--ds-color-neutral-background-default)" },
  ".cm-completionIcon": { display: "none" },
  ".cm-completionInfo": { fontFamily: "var(--ds-font-family)", padding: ".5em .7em", maxWidth: "26em" },
  ".cm-errorLine": { backgroundColor: "color-mix(in srgb, var(--code-error) 12%, transparent)" },
  ".cm-errorToken": { textDecoration: "underline wavy var(--code-error)", textUnderlineOffset: "3px" },
  ".cm-errorMessage": {
    fontFamily: "var(--ds-font-family)",
    borderLeft: "4px solid var(--code-error)",
    backgroundColor: "var(--ds-color-neutral-background-tinted)",
    padding: ".4em .8em",
    whiteSpace: "normal",
  },
});

/**
 * Puts an editor into a host element and returns its handle.
 *
 * `source` completes, `run` is called on Ctrl+Enter, `changed` after each change; `words` has `label` and `error`.
 */
export function codeEditor(host, { text, source, run, changed, words }) {
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host { display: block } .frame, .cm-editor { border-radius: inherit; height: 100% }");
  root.adoptedStyleSheets = [sheet];
  const parent = root.appendChild(document.createElement("div"));
  parent.className = "frame";
  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        EditorView.lineWrapping,
        sparql(),
        syntaxHighlighting(COLOURS),
        THEME,
        tooltips({ parent }),
        errorField,
        autocompletion({ override: [source], icons: false }),
        EditorView.contentAttributes.of({ "aria-label": words.label, "aria-multiline": "true", spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
        // Tab keeps moving the focus, so that nobody is caught in the editor.
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true), preventDefault: true },
          { key: "Ctrl-Space", run: startCompletion },
          ...completionKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    replace: (next) =>
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, selection: { anchor: 0 } }),
    clearErrors: () => showError(view, null),
    /** Marks a token: line and column count characters from 1, as the problem document does. */
    mark: ({ line, column, token, message }) => {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      const from = Math.min(at.from + unitsOf(at.text, column - 1), at.to);
      const to = Math.min(from + (token?.length ?? 0), at.to);
      showError(view, { line: at.from, end: at.to, from, to, message });
    },
  };
}

/** The UTF-16 units of the first characters of a text. */
function unitsOf(text, characters) {
  return [...text].slice(0, characters).join("").length;
}
