"""The names of the things and properties on one page, in one language."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.numbers_in_text import NaturalKey, natural_key
from plangraf.pages.nested_tables import observation_title, period_text
from plangraf.pages.things.values import literal_text
from plangraf.pages.words import Words
from plangraf.rdf.graph import RDF_TYPE, Graph, Value
from plangraf.rdf.namespaces import OBSERVATION, PLAN, PREFIXES, short_name
from plangraf.views.declarations import TermLabels
from plangraf.views.describe import Description, Labels
from plangraf.views.document_parts import document_path, sdg_code
from plangraf.views.page_value import PageValue

_UNITS: Final = {
    NamedNode(PREFIXES["sdmx-measure"] + "obsValue"): NamedNode(PREFIXES["sdmx-attribute"] + "unitMeasure"),
    NamedNode(PLAN + "aimValue"): NamedNode(PLAN + "aimUnit"),
}
_DEFINITION: Final = NamedNode(PREFIXES["skos"] + "definition")
_SECTION, _ITEM = NamedNode(PLAN + "section"), NamedNode(PLAN + "printedItem")
_FIRST_LINE, _LAST_LINE = NamedNode(PLAN + "firstLine"), NamedNode(PLAN + "lastLine")
_QUALIFIER: Final = NamedNode(PLAN + "valueQualifier")
# A mere count: the name of its unit would say nothing.
_COUNT: Final = NamedNode(PREFIXES["unit"] + "NUM")
# The same words in the name of a unit of counts for a time.
_COUNTED: Final = re.compile(r"^(number|antall) (?=per )")


class Names:
    """The names and values of one document in one language.

    Links begin with the path `prefix`. `kind_of` names what a thing with some types is, in the language.
    """

    def __init__(
        self,
        description: Description,
        words: Words,
        prefix: str,
        terms: TermLabels,
        kind_of: Callable[[Sequence[NamedNode]], str] = lambda _types: "",
    ) -> None:
        self.words = words
        self.language = words.language
        self.spoken = words.code
        self.known = description.index
        self.prefix = prefix
        self._terms = terms
        self._defined = Graph(description.predicates)
        self._labels = ((self.known, Labels(self.known)), (self._defined, Labels(self._defined)))
        self._best: dict[NamedNode, Literal | None] = {}
        self._kind_of = kind_of
        self._values: dict[NamedNode, PageValue] = {}
        self._properties: dict[NamedNode, PageValue] = {}
        self._titles: dict[NamedNode, PageValue] = {}

    def title(self, thing: NamedNode) -> PageValue:
        """The name of a thing, without a link."""
        title = self._titles.get(thing)
        if title is None:
            title = self._titles[thing] = self._title(thing)
        return title

    def _title(self, thing: NamedNode) -> PageValue:
        found = self._label(thing)
        code = sdg_code(thing.value)
        if found:
            return PageValue(f"{code} {found.value}" if code else found.value, lang=found.language)
        named = self._terms.get(thing.value, {}).get(self.language)
        return PageValue(named or self._composed(thing) or short_name(thing.value))

    def _label(self, thing: NamedNode) -> Literal | None:
        if thing not in self._best:
            self._best[thing] = None
            for graph, labels in self._labels:
                if thing in graph and (found := labels.best(thing, self.language)):
                    self._best[thing] = found
                    break
        return self._best[thing]

    def label(self, thing: NamedNode) -> PageValue | None:
        """The name that the data give, without a code; None without any."""
        found = self._label(thing)
        return PageValue(found.value, lang=found.language) if found else None

    def definition(self, class_: NamedNode) -> Literal | None:
        """The definition of a class in the language of the page."""
        texts = self._defined.literals(class_, _DEFINITION)
        return next((text for text in texts if text.language == self.language), None)

    def is_named(self, thing: Value) -> bool:
        """Whether the data name a thing, or it has a name that is made of its parts."""
        if not isinstance(thing, NamedNode):
            return False
        return self._label(thing) is not None or bool(self._composed(thing))

    def _composed(self, thing: NamedNode) -> str:
        """A name for an observation, a period or a passage, which have no label; empty for any other thing."""
        if thing.value.startswith(OBSERVATION):
            return observation_title(self.known, thing, self.value)
        return period_text(self.known, thing) or self._passage_text(thing)

    def _passage_text(self, thing: NamedNode) -> str:
        """Section, item and lines of a passage, as far as the page knows them."""
        parts = [found.value for name in (_SECTION, _ITEM) if (found := self.known.value(thing, name))]
        first, last = self.known.value(thing, _FIRST_LINE), self.known.value(thing, _LAST_LINE)
        if first and last:
            parts.append(lines_text(first.value, last.value, self.words))
        return ", ".join(parts)

    def value(self, value: Value) -> PageValue:
        """A value as the page shows it: a literal as the language writes it, a thing by its name and link."""
        if isinstance(value, Literal):
            return PageValue(literal_text(value, self.words), lang=value.language)
        if isinstance(value, BlankNode):
            return PageValue("…")
        known = self._values.get(value)
        if known is None:
            title = self.title(value)
            known = self._values[value] = PageValue(title.text, self.href(value), title.lang, value.value)
        return known

    def plain(self, value: Value) -> PageValue:
        """A value in running text: a thing without a name by what it is or by its host, never by a key or an IRI."""
        shown = self.value(value)
        if isinstance(value, NamedNode) and not self.is_named(value) and value.value not in self._terms:
            types = self.known.named(value, RDF_TYPE)
            text = (self._kind_of(types) if types else "") or urlsplit(value.value).hostname or shown.text
            return replace(shown, text=text.removeprefix("www."))
        return shown

    def value_of(self, subject: Value, predicate: NamedNode, value: Value) -> PageValue:
        """The value of a property of a thing: a number with its qualifier and its unit, else as `value`."""
        shown = self.value(value)
        if (of_unit := _UNITS.get(predicate)) is None or not isinstance(value, Literal):
            return shown
        parts = [shown.text]
        unit = self.known.value(subject, of_unit)
        if isinstance(unit, NamedNode) and unit != _COUNT:
            parts.append(_COUNTED.sub("", self.title(unit).text))
        qualifier = self.known.value(subject, _QUALIFIER)
        if isinstance(qualifier, NamedNode):
            parts.insert(0, self.title(qualifier).text)
        # Number and unit stay on one line.
        return replace(shown, text=" ".join(parts).replace(" %", "\u00a0%"))

    def property(self, predicate: NamedNode) -> PageValue:
        """The name of a property, with a link to its definition when we define it."""
        known = self._properties.get(predicate)
        if known is None:
            known = self._properties[predicate] = self._property(predicate)
        return known

    def _property(self, predicate: NamedNode) -> PageValue:
        found = self._label(predicate)
        text = found.value if found else self._terms.get(predicate.value, {}).get(self.language)
        lang = found.language if found else None
        href = self.prefix + document_path(predicate.value) if predicate in self._defined else _outside(predicate)
        return PageValue(text or short_name(predicate.value), href, lang, predicate.value)

    def href(self, thing: NamedNode) -> str | None:
        """The link to a thing: its page when the data describe it, else its own address."""
        known = thing in self.known or thing in self._defined
        return self.prefix + document_path(thing.value) if known else _outside(thing)

    def page_of(self, thing: NamedNode) -> str:
        """The link to the page of a thing that the data describe."""
        return self.prefix + document_path(thing.value)

    def last(self, value: Value) -> bool:
        """Whether a value follows the others of its property: texts in another language, and things without a name."""
        if isinstance(value, Literal):
            return value.language not in (None, self.language)
        return not isinstance(value, NamedNode) or self._label(value) is None


def _outside(thing: NamedNode) -> str | None:
    return thing.value if thing.value.startswith(("http://", "https://")) else None


def natural(value: Value) -> NaturalKey:
    return natural_key(str(value))


def lines_text(first: str, last: str, words: Words) -> str:
    """The lines of a passage, counted from 1 in the text of its document."""
    if first == last:
        return words.gettext("line %(first)s", first=first)
    return words.gettext("lines %(first)s–%(last)s", first=first, last=last)
