"""Writes a shape as sentences: `En plan har nøyaktig én tittel: på bokmål eller nynorsk, uten punktum til slutt.`

The first sentence says how many values a thing has. After its colon stand the conditions of each value, one for each
parameter of the shape. A SPARQL constraint adds its message, because no sentence can be derived from a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from plangraf.pages.vocabulary.grammar import Noun, lower_first, upper_first
from plangraf.pages.vocabulary.names import Names
from plangraf.pages.vocabulary.patterns import describe_pattern
from plangraf.pages.vocabulary.shape_model import SH, Rule, Shape, number, texts
from plangraf.rdf.graph import RDF_TYPE, Graph, Value
from plangraf.rdf.namespaces import SCHEME

# How a pattern of a shape asks for a concept of one scheme, or of several.
_SCHEME_START = "^" + re.escape(SCHEME)


def _schemes(pattern: str) -> list[str]:
    """The schemes that a pattern of IRIs names, none for any other pattern."""
    if not pattern.startswith(_SCHEME_START):
        return []
    return pattern[len(_SCHEME_START) :].strip("/").strip("()").split("|")


class RuleWords:
    """The sentences of the shapes of one graph in the language of `names`."""

    def __init__(self, graph: Graph, names: Names) -> None:
        self._graph = graph
        self._names = names
        self._words = names.words

    def label(self, node: NamedNode) -> str:
        """The name of a shape or rule in the language of the page; without one that of its class or property."""
        if name := self._names.text_of(self._graph, node, SH("name")):
            return name
        about = [*self._graph.named(node, SH("targetClass")), *self._graph.named(node, SH("path")), node]
        return lower_first(self._names.label(about[0]))

    def message(self, node: Value) -> Markup:
        """The message of a shape, with links for the terms that it names."""
        return self._names.text(self._names.text_of(self._graph, node, SH("message")) or "")

    def shape(self, shape: Shape) -> Markup:
        """How the things of a node shape are named, empty when the shape asks nothing of their IRIs."""
        if self._graph.text(shape.node, SH("pattern")) is None:
            return Markup("")
        subject = self._names.subject(self.label(shape.node))
        return self._say(
            self._words.gettext("%(Thing)s has an address (IRI) of a fixed form."), Thing=upper_first(subject)
        )

    def rule(self, shape: Shape, rule: Rule) -> Markup:
        """What a property shape asks of the things of its node shape."""
        first = self._first(shape, rule)
        more = [self._names.text(text) for text in self._constraints(rule)]
        return Markup(" ").join(part for part in (first, *more) if part)

    def _first(self, shape: Shape, rule: Rule) -> Markup:
        subject = upper_first(self._names.subject(self.label(shape.node)))
        if RDF_TYPE in rule.paths:
            classes = self._graph.named(rule.node, SH("hasValue"))
            if not classes:
                return Markup("")
            said = self._words.gettext("%(Thing)s also belongs to the class %(name)s.")
            return self._say(said, Thing=subject, name=self._names.described(classes[0]))
        noun = self._names.noun(self.label(rule.node))
        counted = self._count(rule, subject, noun)
        conditions = list(self._conditions(rule))
        if not conditions:
            return counted + "."
        joined = Markup(", ").join(conditions)
        if self._may_be_several(rule):
            return self._say(
                self._words.gettext("%(first)s. Each is %(conditions)s."), first=counted, conditions=joined
            )
        return counted + ": " + joined + "."

    def _may_be_several(self, rule: Rule) -> bool:
        counts = [number(self._graph, rule.node, name) for name in ("minCount", "maxCount")]
        return counts[1] is None and (counts[0] or 0) != 1 and not self._unique(rule)

    def _count(self, rule: Rule, subject: str, noun: Noun) -> Markup:
        words = self._words
        least = number(self._graph, rule.node, "minCount") or 0
        most = number(self._graph, rule.node, "maxCount")
        required = self._required_languages(rule)
        if required:
            return self._in_languages(rule, subject, noun, required)
        if least == most == 0 or most == 0:
            said = words.gettext("%(Thing)s must not have any %(name)s")
        elif least == 1 and most == 1:
            said = words.gettext("%(Thing)s has exactly %(one)s %(name)s")
        elif least == 1:
            said = words.gettext("%(Thing)s has at least %(one)s %(name)s")
        elif least:
            said = words.gettext("%(Thing)s has at least %(count)s %(names)s")
        elif most == 1:
            said = words.gettext("%(Thing)s has at most %(one)s %(name)s")
        elif self._unique(rule):
            said = words.gettext("%(Thing)s has at most %(one)s %(name)s in each language")
        else:
            said = words.gettext("%(Thing)s may have several %(names)s")
        return self._say(said, Thing=subject, one=noun.one, name=noun.text, names=self._plural(rule, noun), count=least)

    def _plural(self, rule: Rule, noun: Noun) -> str:
        return noun.plural or self._names.field(self.label(rule.node)).plural or noun.text

    def _in_languages(self, rule: Rule, subject: str, noun: Noun, required: list[str]) -> Markup:
        """The count of a text that some languages must have and others may have."""
        words = self._words
        names = self._names.all_of(map(self._language, required))
        if len(required) == 1:
            said = words.gettext("%(Thing)s has exactly %(one)s %(name)s in %(languages)s")
        else:
            said = words.gettext("%(Thing)s has exactly %(one)s %(name)s in each of the languages %(languages)s")
        first = self._say(said, Thing=subject, one=noun.one, name=noun.text, languages=names)
        others = [code for code in texts(self._graph, rule.node, "languageIn") if code not in required]
        if not others:
            return first
        if len(others) == 1:
            said = words.gettext("%(first)s, and at most %(one)s in %(languages)s")
        else:
            said = words.gettext("%(first)s, and at most %(one)s in each of the languages %(languages)s")
        return self._say(said, first=first, one=noun.one, languages=self._names.all_of(map(self._language, others)))

    def _required_languages(self, rule: Rule) -> list[str]:
        """The languages that must have one text each, by the counts of the shape."""
        if not self._unique(rule):
            return []
        for shape in self._graph.values(rule.node, SH("qualifiedValueShape")):
            languages = texts(self._graph, shape, "languageIn")
            if languages and number(self._graph, rule.node, "qualifiedMinCount") == len(languages):
                return languages
        languages = texts(self._graph, rule.node, "languageIn")
        least = number(self._graph, rule.node, "minCount")
        return languages if least is not None and least == len(languages) else []

    def _unique(self, rule: Rule) -> bool:
        return self._graph.text(rule.node, SH("uniqueLang")) == "true"

    def _language(self, code: str) -> str:
        return self._names.language_name(code)

    def _conditions(self, rule: Rule) -> Iterator[Markup | str]:
        """What each value must be, in the order in which a sentence says it."""
        yield from self._kinds(rule)
        yield from self._ranges(rule)
        if not self._required_languages(rule) and (codes := texts(self._graph, rule.node, "languageIn")):
            yield self._words.gettext("in %(languages)s", languages=self._names.any_of(map(self._language, codes)))
        yield from self._lengths(rule)
        yield from self._patterns(rule)
        yield from self._comparisons(rule)

    def _kinds(self, rule: Rule) -> Iterator[str]:
        """The classes and datatypes of the values, one of a fixed set, or a link to a thing."""
        graph, names = self._graph, self._names
        kinds = [*graph.named(rule.node, SH("class")), *graph.named(rule.node, SH("datatype"))]
        for option in graph.items(rule.node, SH("or")):
            kinds += [*graph.named(option, SH("class")), *graph.named(option, SH("datatype"))]
        if len(kinds) == 1 and self._says_itself(rule, kinds[0]):
            kinds = []
        said = [names.class_noun(kind) for kind in kinds]
        # Values of a scheme are concepts, and the pattern names the scheme.
        if said and not any(map(_schemes, self._pattern_texts(rule))):
            yield names.any_of(said)
        if fixed := graph.items(rule.node, SH("in")) or graph.values(rule.node, SH("hasValue")):
            yield names.any_of([self._value(value) for value in fixed])
        if graph.value(rule.node, SH("nodeKind")) == SH("IRI"):
            yield self._words.gettext("given by its address (IRI)")

    def _says_itself(self, rule: Rule, kind: NamedNode) -> bool:
        """Whether the name of the property is that of the class: a plan has one municipality, a municipality."""
        return self.label(rule.node).casefold() == self._names.label(kind).casefold()

    def _value(self, value: Value) -> str:
        return self._names.described(value) if isinstance(value, NamedNode) else str(getattr(value, "value", value))

    def _ranges(self, rule: Rule) -> Iterator[str]:
        words = self._words
        for name, said in (
            ("minInclusive", words.gettext("%(number)s or more")),
            ("minExclusive", words.gettext("more than %(number)s")),
            ("maxInclusive", words.gettext("at most %(number)s")),
            ("maxExclusive", words.gettext("less than %(number)s")),
        ):
            found = self._graph.value(rule.node, SH(name))
            if isinstance(found, Literal):
                yield said % {"number": found.value}

    def _lengths(self, rule: Rule) -> Iterator[str]:
        words = self._words
        if (least := number(self._graph, rule.node, "minLength")) is not None:
            yield words.ngettext("at least %(num)s character", "at least %(num)s characters", least)
        if (most := number(self._graph, rule.node, "maxLength")) is not None:
            yield words.ngettext("at most %(num)s character", "at most %(num)s characters", most)

    def _pattern_texts(self, rule: Rule) -> list[str]:
        return [found.value for found in self._graph.literals(rule.node, SH("pattern"))]

    def _patterns(self, rule: Rule) -> Iterator[Markup | str]:
        for text in self._pattern_texts(rule):
            if schemes := _schemes(text):
                labels = [self._names.quote(lower_first(self._names.label(NamedNode(SCHEME + n)))) for n in schemes]
                yield self._words.gettext("from the scheme %(scheme)s", scheme=self._names.any_of(labels))
            else:
                yield describe_pattern(text, self._words) or self._say(
                    self._words.gettext("written by the pattern %(pattern)s"),
                    pattern=Markup("<code>{}</code>").format(text),
                )

    def _comparisons(self, rule: Rule) -> Iterator[str]:
        words = self._words
        for name, said in (
            ("lessThan", words.gettext("before %(name)s")),
            ("lessThanOrEquals", words.gettext("not after %(name)s")),
            ("equals", words.gettext("equal to %(name)s")),
            ("disjoint", words.gettext("different from %(name)s")),
        ):
            for other in self._graph.named(rule.node, SH(name)):
                yield said % {"name": self._names.quote(lower_first(self._names.label(other)))}

    def _constraints(self, rule: Rule) -> Iterator[str]:
        for constraint in sorted(self._graph.values(rule.node, SH("sparql")), key=str):
            if text := self._names.text_of(self._graph, constraint, SH("message")):
                yield text

    @staticmethod
    def _say(message: str, **values: object) -> Markup:
        """A message of the catalogue with values, which are escaped unless they are markup."""
        return Markup(message) % values  # noqa: S704
