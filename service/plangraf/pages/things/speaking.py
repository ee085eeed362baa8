"""What the sentence of a page says: the values of the slots of a kind, and its templates filled with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyoxigraph import NamedNode

from plangraf.pages.sentences.template import Said, SlotValue, Template, in_words, say
from plangraf.pages.things.following import Reached
from plangraf.pages.things.kind_files import Kind, Kinds
from plangraf.pages.things.sections import Builder
from plangraf.rdf.graph import Statement

# Languages group the digits of numbers from here on.
_GROUPED = 1_000


class Speaker:
    """Fills the templates of a kind with the values of one thing."""

    def __init__(self, kind: Kind, kinds: Kinds, builder: Builder) -> None:
        self._kind = kind
        self._kinds = kinds
        self._builder = builder
        self._language = builder.names.language
        found = {name: builder.values(builder.thing, slot) for name, slot in kind.form.slots.items()}
        for name, slot in kind.form.slots.items():
            if slot.unlike:
                others = {one.value for one in found[slot.unlike]}
                found[name] = [one for one in found[name] if one.value not in others]
        self._found = {name: values for name, values in found.items() if values}
        self._values = {name: self._slot(found) for name, found in self._found.items()}

    def sentence(self) -> list[Said]:
        """The sentence of the thing; empty when its template needs a value that the data do not have."""
        return self._say(self._kind.sentence)

    def title(self) -> str:
        """The name that the kind makes of the values; empty without a template."""
        return in_words(self._say(self._kind.title))

    def statements(self) -> list[Statement]:
        """The statements of the thing itself that the sentence may tell."""
        return [
            statement
            for found in self._found.values()
            for one in found
            for statement in one.statements
            if statement[0] == self._builder.thing
        ]

    def _say(self, templates: Mapping[str, Template]) -> list[Said]:
        template = templates.get(self._builder.names.spoken) or templates.get(self._language)
        return say(template, self._values, self._builder.names.words) if template else []

    def _slot(self, found: Sequence[Reached]) -> SlotValue:
        names = self._builder.names
        said = []
        nouns = []
        for one in found:
            value = self._builder.value(one)
            lang = value.lang if value.lang and value.lang != self._language else None
            said.append(Said(value.text, value.href, lang))
            noun = self._kinds.nouns.get(one.value.value) if isinstance(one.value, NamedNode) else None
            if noun:
                nouns.append(Said(noun.in_language(names.spoken)))
        complete = nouns if len(nouns) == len(said) else []
        return SlotValue(said, complete, names.words.number(len(said)) if len(said) >= _GROUPED else str(len(said)))
