"""What the pages of the ontology show: an overview of all themes and terms, and a page for each theme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from plangraf.pages.vocabulary.diagram import draw, theme_diagram
from plangraf.pages.vocabulary.grammar import upper_first
from plangraf.pages.vocabulary.names import Names
from plangraf.pages.vocabulary.rule_words import RuleWords
from plangraf.pages.vocabulary.term_model import Term, Theme, Vocabulary
from plangraf.rdf.namespaces import compact, terms
from plangraf.views.collections.collation import collation_key
from plangraf.views.document_parts import document_path
from plangraf.views.term_use import Example

_SKOS = terms("skos")
_OTHER = {"nb": "en", "nn": "en", "en": "nb"}


@dataclass(frozen=True, slots=True)
class TermUse:
    """Where a version uses terms: the number of things or statements, and an example, by IRI."""

    counts: Mapping[str, int]
    examples: Mapping[str, Example]


@dataclass(frozen=True, slots=True)
class TermView:
    """One term as the page shows it: `other` is its label in `other_language`, `facts` have a heading each."""

    anchor: str
    label: str
    other: str
    other_language: str
    kind: str
    definition: Markup
    note: Markup
    facts: list[tuple[str, Markup]]


@dataclass(frozen=True, slots=True)
class ThemeView:
    """One theme: each class with its properties, and the properties of classes elsewhere under None."""

    label: str
    definition: str
    diagram: Markup
    groups: list[tuple[TermView | None, list[TermView]]]


@dataclass(frozen=True, slots=True)
class TermLine:
    """One term in the overview of all; `href` leads to what is known of it."""

    anchor: str
    label: str
    other: str
    other_language: str
    is_class: bool
    href: str
    definition: Markup


@dataclass(frozen=True, slots=True)
class ThemeLines:
    """One theme in the overview of all; `href` leads to its page."""

    anchor: str
    label: str
    href: str
    definition: str
    diagram: Markup
    classes: list[tuple[str, str]]
    lines: list[TermLine]


class OntologyOverview:
    """All themes with their diagrams, and all terms with their definitions, in the language of `names`."""

    def __init__(self, vocabulary: Vocabulary, names: Names, prefix: str) -> None:
        self._vocabulary = vocabulary
        self._names = names
        self._prefix = prefix
        self._other = _OTHER.get(names.language, "en")

    def themes(self) -> list[ThemeLines]:
        return [self._theme(theme) for theme in self._vocabulary.themes]

    def _theme(self, theme: Theme) -> ThemeLines:
        label, definition = theme_words(self._vocabulary, theme, self._names)
        groups = [([class_] if class_ else []) + in_order(group, self._names) for class_, group in theme.groups()]
        anchor = f"theme-{theme.key}"
        return ThemeLines(
            anchor,
            label,
            self._prefix + theme.path,
            definition,
            theme_picture(self._vocabulary, theme, self._names, f"{anchor}-diagram"),
            [(term.anchor, self._names.label(term.node)) for term in theme.classes],
            [self._line(term, theme) for group in groups for term in group],
        )

    def _line(self, term: Term, theme: Theme) -> TermLine:
        names = self._names
        definition = names.text_of(self._vocabulary.graph, term.node, _SKOS("definition"))
        return TermLine(
            term.anchor,
            names.label(term.node),
            other_label(term, names, self._other),
            self._other,
            term.is_class,
            f"{self._prefix}{theme.path}#{term.anchor}",
            names.text(definition or ""),
        )


def other_label(term: Term, names: Names, language: str) -> str:
    """The label in the other language, empty when it is the same word."""
    found = names.label(term.node, language)
    return "" if found == names.label(term.node) else found


def in_order(terms_: Iterable[Term], names: Names) -> list[Term]:
    """Properties by name, links first, because they say how the things hang together."""
    return sorted(terms_, key=lambda term: (not term.is_link, collation_key(names.label(term.node))))


def theme_words(vocabulary: Vocabulary, theme: Theme, names: Names) -> tuple[str, str]:
    """The label of a theme and the sentence about it."""
    if theme.node is None:
        return names.words.gettext("Other terms"), ""
    return names.label(theme.node), names.text_of(vocabulary.graph, theme.node, _SKOS("definition")) or ""


def theme_picture(vocabulary: Vocabulary, theme: Theme, names: Names, key: str) -> Markup:
    """The diagram of a theme, empty for a theme without classes."""
    if not theme.classes:
        return Markup("")
    label, _ = theme_words(vocabulary, theme, names)
    title = names.words.gettext("The classes of “%(theme)s” and the links between them", theme=label)
    return draw(theme_diagram(vocabulary, theme, names), title, key)


class ThemePage:
    """One theme in the language of `names`; links to the data begin with `prefix`."""

    def __init__(self, vocabulary: Vocabulary, use: TermUse, names: Names, prefix: str) -> None:
        self._vocabulary = vocabulary
        self._use = use
        self._names = names
        self._words = names.words
        self._prefix = prefix
        self._other = _OTHER.get(names.language, "en")

    def view(self, theme: Theme) -> ThemeView:
        groups = [
            (
                self._term(class_, properties) if class_ else None,
                [self._term(term) for term in in_order(properties, self._names)],
            )
            for class_, properties in theme.groups()
        ]
        label, definition = theme_words(self._vocabulary, theme, self._names)
        return ThemeView(label, definition, theme_picture(self._vocabulary, theme, self._names, "diagram"), groups)

    def _term(self, term: Term, shown_below: Iterable[Term] = ()) -> TermView:
        names, graph = self._names, self._vocabulary.graph
        return TermView(
            anchor=term.anchor,
            label=names.label(term.node),
            other=other_label(term, names, self._other),
            other_language=self._other,
            kind="class" if term.is_class else "property",
            definition=names.text(names.text_of(graph, term.node, _SKOS("definition")) or ""),
            note=names.text(names.text_of(graph, term.node, _SKOS("scopeNote")) or ""),
            facts=[(heading, value) for heading, value in self._facts(term, set(shown_below)) if value],
        )

    def _facts(self, term: Term, shown_below: set[Term]) -> Iterator[tuple[str, Markup]]:
        gettext = self._words.gettext
        if not term.is_class:
            yield gettext("Property of"), self._links(term.domains)
            yield gettext("The value is"), self._links(term.ranges)
        yield gettext("Kind of"), self._links(term.parents)
        yield gettext("Includes"), self._links(term.children)
        yield gettext("Inverse of"), self._links(term.inverses)
        yield gettext("The same as"), self._links(term.same)
        yield gettext("Similar to"), self._links(term.close)
        yield gettext("Replaced by"), self._links(term.replaced_by)
        if term.symmetric:
            yield gettext("Direction"), Markup.escape(gettext("holds both ways"))
        if term.is_class:
            yield gettext("Also has"), self._links(self._further(term, shown_below))
        yield gettext("Example"), self._example(term)
        yield gettext("In use"), self._count(term)
        yield gettext("In queries"), Markup("<code>{}</code>").format(compact(term.node.value))
        yield gettext("Rules"), self._rules(term)

    def _further(self, class_: Term, shown_below: set[Term]) -> list[NamedNode]:
        """The properties of a class that do not follow it on the page."""
        found = [t for t in self._vocabulary.terms.values() if class_.node in t.domains and t not in shown_below]
        return [term.node for term in sorted(found, key=lambda t: collation_key(self._names.label(t.node)))]

    def _links(self, nodes: Iterable[NamedNode]) -> Markup:
        return Markup(", ").join(map(self._names.link, nodes))

    def _example(self, term: Term) -> Markup:
        text = self._names.text_of(self._vocabulary.graph, term.node, _SKOS("example"))
        return self._names.text(text or "")

    def _count(self, term: Term) -> Markup:
        """The number of things or statements, with a link to one of them."""
        words, count = self._words, self._use.counts.get(term.node.value, 0)
        if not count:
            return Markup.escape(words.gettext("not in this version"))
        if term.is_class:
            said = words.ngettext("%(num)s thing", "%(num)s things", count)
        else:
            said = words.ngettext("%(num)s statement", "%(num)s statements", count)
        example = self._use.examples.get(term.node.value)
        if example is None:
            return Markup.escape(said)
        link = Markup('<a href="{}"{}>{}</a>').format(
            self._prefix + document_path(example.iri), *self._example_name(example)
        )
        return Markup(words.gettext("%(count)s, such as %(example)s")) % {"count": said, "example": link}  # noqa: S704

    def _example_name(self, example: Example) -> tuple[Markup, str]:
        """The `lang` attribute and the text of a link to an example."""
        language = self._names.language

        def distance(label: Literal) -> tuple[bool, bool, str]:
            return label.language != language, label.language != "nb", label.value

        best = min(example.labels, key=distance, default=None)
        if best is None:
            return Markup(""), self._words.gettext("this one")
        foreign = best.language not in (None, language)
        return Markup(' lang="{}"').format(best.language) if foreign else Markup(""), best.value

    def _rules(self, term: Term) -> Markup:
        names, vocabulary = self._names, self._vocabulary
        if term.is_class:
            targets = [(shape.node, shape.node) for shape in vocabulary.shapes_of.get(term.node, ())]
        else:
            targets = [(shape.node, rule.node) for shape, rule in vocabulary.rules.get(term.node, ())]
        said = RuleWords(vocabulary.graph, names)
        shapes = Counter(shape for shape, _ in targets)
        links = []
        for shape, node in targets:
            # Two rules of one class about the same property are told apart by their own names.
            own = f" ({said.label(node)})" if shapes[shape] > 1 else ""
            text = upper_first(said.label(shape)) + own
            links.append(Markup('<a href="{}">{}</a>').format(names.address(node), text))
        return Markup(", ").join(links)
