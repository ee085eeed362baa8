// The error of a query in the editor: its line, its token, and the message below the line.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

const setError = StateEffect.define();

class Message extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }

  eq(other) {
    return other.text === this.text;
  }

  toDOM() {
    const shown = document.createElement("div");
    shown.className = "cm-errorMessage";
    shown.textContent = this.text;
    return shown;
  }
}

function decorations({ line, end, from, to, message }) {
  const found = [Decoration.line({ class: "cm-errorLine" }).range(line)];
  if (to > from) found.push(Decoration.mark({ class: "cm-errorToken" }).range(from, to));
  found.push(Decoration.widget({ widget: new Message(message), block: true, side: 1 }).range(end));
  return Decoration.set(found, true);
}

export const errorField = StateField.define({
  create: () => Decoration.none,
  update(shown, transaction) {
    const effect = transaction.effects.find((one) => one.is(setError));
    if (effect) return effect.value ? decorations(effect.value) : Decoration.none;
    return shown.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Shows an error, and moves the cursor to it; null takes it away. Places are offsets: line start and end, token. */
export function showError(view, error) {
  const effects = [setError.of(error)];
  if (error) effects.push(EditorView.scrollIntoView(error.from, { y: "nearest" }));
  view.dispatch({ effects, ...(error ? { selection: { anchor: error.from } } : {}) });
}
