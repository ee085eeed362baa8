"""What the pages of the shapes show: an overview of all rules in words, and a page with messages for each theme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup
from pyoxigraph import NamedNode

from plangraf.pages.vocabulary.grammar import upper_first
from plangraf.pages.vocabulary.names import Names
from plangraf.pages.vocabulary.rule_words import RuleWords
from plangraf.pages.vocabulary.shape_model import SH, Rule, Shape, severity
from plangraf.pages.vocabulary.term_model import ShapeGroup, Vocabulary
from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.namespaces import local_name
from plangraf.views.collections.collation import collation_key


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule: its anchor, its property, what it asks, and what its message says.

    `home` leads to the rule on the page of its theme, `href` to what explains the property. `severity` is empty for a
    rule that stops a build, because nearly all do.
    """

    anchor: str
    label: str
    home: str
    href: str
    words: Markup
    severity: str
    message: Markup


@dataclass(frozen=True, slots=True)
class ShapeView:
    """The rules of one class; `words` and `message` are about the IRIs of its things, `href` explains the class."""

    anchor: str
    label: str
    href: str
    words: Markup
    message: Markup
    rules: list[RuleView]


@dataclass(frozen=True, slots=True)
class GroupView:
    """The rules of one theme; `href` leads to their page."""

    anchor: str
    label: str
    href: str
    shapes: list[ShapeView]


class ShapesPage:
    """The shapes in the language of `names`, under the themes of the ontology; links begin with `prefix`."""

    def __init__(self, vocabulary: Vocabulary, names: Names, prefix: str) -> None:
        self._vocabulary = vocabulary
        self._names = names
        self._prefix = prefix
        self._words = RuleWords(vocabulary.graph, names)

    def label(self, group: ShapeGroup) -> str:
        if group.theme is not None and group.theme.node is not None:
            return self._names.label(group.theme.node)
        return self._names.words.gettext("What several themes share")

    def group(self, group: ShapeGroup) -> GroupView:
        shapes = [self._shape(shape, group) for shape in group.shapes]
        return GroupView(f"theme-{group.key}", self.label(group), self._prefix + group.path, shapes)

    def conditions(self) -> list[tuple[str, Markup]]:
        """Anchor and message of what rules refer to: shapes without things of their own, and queries."""
        graph = self._vocabulary.graph
        parts = [shape.node for shape in self._vocabulary.shapes if not shape.is_target]
        queries = [node for node in graph.pointing(RDF_TYPE, SH("SPARQLConstraint")) if isinstance(node, NamedNode)]
        return [
            (local_name(node.value), self._words.message(node))
            for node in (*parts, *sorted(queries, key=lambda node: node.value))
        ]

    def _shape(self, shape: Shape, group: ShapeGroup) -> ShapeView:
        about = shape.classes[0] if shape.classes else None
        words = self._words.shape(shape)
        return ShapeView(
            shape.anchor,
            upper_first(self._words.label(shape.node)),
            self._names.address(about) if about is not None else "",
            words,
            self._words.message(shape.node) if words else Markup(""),
            [self._rule(shape, rule, self._prefix + group.path) for rule in self._in_order(shape.rules)],
        )

    def _in_order(self, rules: Iterable[Rule]) -> list[Rule]:
        """The rules that a thing cannot do without first, then by name."""
        graph = self._vocabulary.graph

        def key(rule: Rule) -> tuple[bool, str]:
            required = any(graph.value(rule.node, SH(name)) for name in ("minCount", "qualifiedMinCount"))
            return not required, collation_key(self._words.label(rule.node))

        return sorted(rules, key=key)

    def _rule(self, shape: Shape, rule: Rule, page: str) -> RuleView:
        level = severity(self._vocabulary.graph, rule.node)
        gettext = self._names.words.gettext
        return RuleView(
            rule.anchor,
            upper_first(self._words.label(rule.node)),
            f"{page}#{rule.anchor}",
            self._names.address(rule.paths[0]) if rule.paths else "",
            self._words.rule(shape, rule),
            {"Warning": gettext("warning"), "Info": gettext("advice")}.get(level, ""),
            self._words.message(rule.node),
        )
