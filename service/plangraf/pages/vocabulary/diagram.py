"""The diagram of a theme as SVG: its classes, what they are kinds of, and the links from class to class.

A class is a box. The links that lead from the same classes to the same classes share one label on their way.
Colours and type come from the style sheet, so the picture follows light, dark and print. Each box and label links to
its term.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from pyoxigraph import NamedNode

from plangraf.pages.vocabulary.grammar import lower_first
from plangraf.pages.vocabulary.layout import Box, Layout, Placed, Route, lay_out
from plangraf.pages.vocabulary.names import Names
from plangraf.pages.vocabulary.shape_model import SH, value_classes
from plangraf.pages.vocabulary.term_model import Term, Theme, Vocabulary
from plangraf.rdf.namespaces import PLAN, PREFIXES, namespace

MOST_WIDTH = 680
_MARGIN = 6
_LINE = 17
# From one label to the next: each is a link, and a target needs 24 pixels (WCAG 2.2, 2.5.8).
_TARGET = 24
_PADDING = 8
_WRAP = 20
# More classes than these stand in one box, because each would draw a line through the picture.
_MOST_ENDS = 4
# A value from a scheme or a unit says nothing about how classes hang together.
_VALUES = frozenset(
    NamedNode(PREFIXES[prefix] + name)
    for prefix, name in (("skos", "Concept"), ("qudt", "Unit"), ("rdf", "Property"), ("rdfs", "Resource"))
)
_PROV, _SCHEMA_ORG = PREFIXES["prov"], PREFIXES["schema"]
# Widths of characters at 14 px in the wide system fonts, in pixels.
_NARROW, _WIDE = frozenset("iljtfrI.,:'()/ -"), frozenset("mwMW—")


@dataclass(slots=True)
class Diagram:
    """What a picture shows before it is placed.

    `boxes` are texts by key, `kinds` the look of each, `targets` the address of each, `links` the labels on
    the way with their addresses, `edges` pairs of keys. Those in `kinds_of` lead to a class from what it is a kind of.
    """

    boxes: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    links: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    kinds_of: set[tuple[str, str]] = field(default_factory=set)


def theme_diagram(vocabulary: Vocabulary, theme: Theme, names: Names) -> Diagram:
    """The classes of a theme with the classes that its links lead to and come from."""
    made = _Builder(vocabulary, theme, names)
    for term in theme.classes:
        made.add_class(term.node, "own")
    groups: dict[tuple[tuple[NamedNode, ...], tuple[NamedNode, ...]], list[Term]] = {}
    for term in theme.properties:
        if term.is_link and (ends := made.ends(term)):
            groups.setdefault(ends, []).append(term)
    for (domains, ranges), found in groups.items():
        made.add_links(domains, ranges, found)
    for term in theme.classes:
        made.add_reused_links(term)
        made.add_parents(term)
    return made.diagram


class _Builder:
    def __init__(self, vocabulary: Vocabulary, theme: Theme, names: Names) -> None:
        self.diagram = Diagram()
        self._vocabulary = vocabulary
        self._own = {term.node for term in theme.classes}
        self._names = names

    def add_class(self, node: NamedNode, kind: str) -> str:
        key = node.value
        if key not in self.diagram.boxes:
            ours = node.value.startswith(PLAN)
            self.diagram.boxes[key] = self._names.label(node) if ours else self._names.described(node)
            self.diagram.kinds[key] = kind
            self.diagram.targets[key] = self._names.address(node)
        return key

    def ends(self, term: Term) -> tuple[tuple[NamedNode, ...], tuple[NamedNode, ...]] | None:
        """The classes that a link starts from and leads to; None when the picture would show only one end."""
        asked = term.ranges or self._vocabulary.asked_classes(term.node)
        ranges = tuple(node for node in asked if node not in _VALUES)
        domains = tuple(node for node in term.domains if node in self._own) or term.domains
        return (domains, ranges) if domains and ranges else None

    def add_links(self, domains: Sequence[NamedNode], ranges: Sequence[NamedNode], found: Iterable[Term]) -> None:
        key = "link " + " ".join(node.value for node in (*domains, *ranges))
        labels = sorted((self._names.label(term.node), self._names.address(term.node)) for term in found)
        self.diagram.links[key] = labels
        self.diagram.edges += [(start, key) for start in self._ends(domains)]
        self.diagram.edges += [(key, end) for end in self._ends(ranges)]

    def add_reused_links(self, term: Term) -> None:
        """The links by properties of other vocabularies, such as part of, that a shape asks of a class."""
        vocabulary, names = self._vocabulary, self._names
        for shape in vocabulary.shapes_of.get(term.node, ()):
            for rule in shape.rules:
                ends = [node for node in value_classes(vocabulary.graph, rule.node) if node.value.startswith(PLAN)]
                if ends and rule.paths and not any(path in vocabulary.terms for path in rule.paths):
                    label = names.text_of(vocabulary.graph, rule.node, SH("name")) or names.label(rule.paths[0])
                    key = f"rule {rule.anchor}"
                    self.diagram.links[key] = [(label, names.address(rule.node))]
                    self.diagram.edges.append((term.node.value, key))
                    self.diagram.edges += [(key, end) for end in self._ends(ends)]

    def _ends(self, nodes: Sequence[NamedNode]) -> list[str]:
        if len(nodes) <= _MOST_ENDS:
            return [self.add_class(node, self._kind(node)) for node in nodes]
        shown = [node for node in nodes if node in self._own]
        rest = [node for node in nodes if node not in self._own]
        keys = [self.add_class(node, "own") for node in shown]
        return [*keys, self._several(rest)] if rest else keys

    def _several(self, nodes: Sequence[NamedNode]) -> str:
        key = "several " + " ".join(node.value for node in nodes)
        text = self._names.words.ngettext("%(num)s other class", "%(num)s other classes", len(nodes))
        self.diagram.boxes[key] = text
        self.diagram.kinds[key] = "several"
        return key

    def _kind(self, node: NamedNode) -> str:
        if node in self._own:
            return "own"
        return "near" if node.value.startswith(PLAN) else "foreign"

    def add_parents(self, term: Term) -> None:
        """What a class is a kind of: of ours, else of the vocabulary that it is modelled by, else of PROV."""
        spaces = {parent: namespace(parent.value) for parent in term.parents}
        shown = [parent for parent, space in spaces.items() if space not in (_PROV, _SCHEMA_ORG)]
        for parent in shown or [parent for parent, space in spaces.items() if space == _PROV]:
            edge = (self.add_class(parent, self._kind(parent)), term.node.value)
            self.diagram.edges.append(edge)
            self.diagram.kinds_of.add(edge)


def place(diagram: Diagram, most_width: int = MOST_WIDTH) -> Layout:
    """Places the boxes of classes and the labels of links; no two of them overlap."""
    boxes = []
    for key, text in diagram.boxes.items():
        lines = wrap(text)
        boxes.append(Box(key, max(map(text_width, lines)) + 2 * _PADDING + 8, len(lines) * _LINE + 2 * _PADDING))
    for key, labels in diagram.links.items():
        lines = [lower_first(text) for text, _ in labels]
        boxes.append(Box(key, max(map(text_width, lines)) + _PADDING, (len(lines) - 1) * _TARGET + _LINE + 4))
    return lay_out(boxes, diagram.edges, most_width, joined=diagram.kinds_of)


def text_width(text: str) -> int:
    """The width of a text at 14 px in a wide system font, so that it fits its box in any of them."""
    widths = (4.6 if c in _NARROW else 12.6 if c in _WIDE else 10 if c.isupper() else 8.1 for c in text)
    return round(sum(widths))


def wrap(text: str, most: int = _WRAP) -> list[str]:
    """A text in lines of at most `most` characters, broken at spaces."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= most:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def draw(diagram: Diagram, title: str, key: str) -> Markup:
    """The SVG of a placed diagram; `title` names it for people who do not see it, `key` is unique on the page."""
    layout = place(diagram)
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    parts = [
        Markup(
            '<svg viewBox="{x} {x} {w} {h}" width="{w}" height="{h}" role="group" aria-labelledby="{key}">'
            '<title id="{key}">{title}</title>'
        ).format(x=-_MARGIN, w=width, h=height, key=key, title=title)
    ]
    lines, arrows, triangles = [], [], []
    for route in layout.routes:
        is_kind = (route.start, route.end) in diagram.kinds_of or (route.end, route.start) in diagram.kinds_of
        lines.append(_line(route))
        if is_kind:
            triangles.append(_triangle(route.points[0]))
        else:
            arrows += _arrow(route, diagram)
    for name, found in (("line", lines), ("arrow", arrows), ("kind-of", triangles)):
        if found:
            parts.append(Markup('<path class="{}" d="{}"/>').format(name, "".join(found)))
    parts += [_box(diagram, placed) for box, placed in layout.boxes.items() if box in diagram.boxes]
    parts += [_labels(diagram.links[link], layout.boxes[link]) for link in diagram.links]
    return Markup("").join([*parts, Markup("</svg>")])


def _line(route: Route) -> str:
    (x, y), *rest = route.points
    drawn = f"M{x} {y}"
    for at, (next_x, next_y) in enumerate(rest):
        if next_x == x:
            drawn += f"V{next_y}" if next_y != y else ""
        else:
            half = (y + next_y) // 2
            drawn += f"C{x} {half} {next_x} {half} {next_x} {next_y}"
        x, y = next_x, next_y
        del at
    return drawn


def _arrow(route: Route, diagram: Diagram) -> list[str]:
    """The head at the class that a link leads to; none at a label."""
    end = route.start if route.reversed else route.end
    if end in diagram.links:
        return []
    x, y = route.points[0] if route.reversed else route.points[-1]
    return [f"M{x} {y}l-4 8h8z" if route.reversed else f"M{x} {y}l-4-8h8z"]


def _triangle(point: tuple[int, int]) -> str:
    return f"M{point[0]} {point[1]}l-6 10h12z"


def _box(diagram: Diagram, placed: Placed) -> Markup:
    key, box = placed.box.key, placed.box
    lines = wrap(diagram.boxes[key])
    drawn = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        diagram.kinds[key], placed.x, placed.y, box.width, box.height
    )
    drawn += _text(lines, placed.middle, placed.y + _PADDING)
    if key not in diagram.targets:
        return drawn
    return Markup('<a href="{}">{}</a>').format(diagram.targets[key], drawn)


def _labels(labels: Sequence[tuple[str, str]], placed: Placed) -> Markup:
    return Markup("").join(
        Markup('<a href="{}">{}</a>').format(
            address, _text([lower_first(text)], placed.middle, placed.y + 2 + n * _TARGET)
        )
        for n, (text, address) in enumerate(labels)
    )


def _text(lines: Sequence[str], middle: int, top: int) -> Markup:
    return Markup("").join(
        Markup('<text x="{}" y="{}">{}</text>').format(middle, top + n * _LINE + 13, line)
        for n, line in enumerate(lines)
    )
