"""The diagrams of classes: each class once, no box on another, the same picture for the same graph."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vocabulary_pages import LANGUAGES, names, vocabulary

from example_counts import examples
from plangraf.pages.vocabulary.diagram import draw, place, text_width, theme_diagram, wrap
from plangraf.pages.vocabulary.layout import Box, Layout, Placed, lay_out

THEMES = {theme.key: theme for theme in vocabulary().themes}


def overlaps(layout: Layout) -> list[tuple[str, str]]:
    def touch(one: Placed, other: Placed) -> bool:
        return (
            one.x < other.x + other.box.width
            and other.x < one.x + one.box.width
            and one.y < other.y + other.box.height
            and other.y < one.y + one.box.height
        )

    return [(a.box.key, b.box.key) for a, b in combinations(layout.boxes.values(), 2) if touch(a, b)]


@pytest.mark.parametrize("key", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_diagram_has_each_class_of_its_theme_once_and_no_box_on_another(language: str, key: str) -> None:
    diagram = theme_diagram(vocabulary(), THEMES[key], names(language, "/ontology"))
    assert overlaps(place(diagram)) == []
    drawn = str(draw(diagram, "The classes", "d"))
    links = Counter(re.findall(r'<a href="#(\w+)"><rect class="own"', drawn))
    assert links == Counter(term.anchor for term in THEMES[key].classes)
    assert drawn.count("<svg") == drawn.count("</svg>") == 1


@pytest.mark.parametrize("key", THEMES)
def test_each_edge_starts_and_ends_at_its_boxes_and_passes_no_other(key: str) -> None:
    layout = place(theme_diagram(vocabulary(), THEMES[key], names("nb", "/ontology")))
    for route in layout.routes:
        (x, y), (end_x, end_y) = route.points[0], route.points[-1]
        start, end = layout.boxes[route.start], layout.boxes[route.end]
        assert start.x <= x <= start.x + start.box.width
        assert end.x <= end_x <= end.x + end.box.width
        assert (y, end_y) == (start.y + start.box.height, end.y)
        for box in layout.boxes.values():
            for px, py in route.points[1:-1]:
                inside = box.x < px < box.x + box.box.width and box.y < py < box.y + box.box.height
                assert not inside, (route.start, route.end, box.box.key)


def test_a_link_of_several_classes_shares_its_label() -> None:
    diagram = theme_diagram(vocabulary(), THEMES["decision"], names("en", "/ontology"))
    shared = [key for key, found in diagram.links.items() if ("in case", "#inCase") in found]
    assert len(shared) == 1
    starts = {start.rpartition("#")[2] for start, end in diagram.edges if end == shared[0]}
    assert starts == {"Decision", "ForeseenDecision"}


def test_a_picture_is_the_same_each_time() -> None:
    own = names("nb", "/ontology")
    drawn = [str(draw(theme_diagram(vocabulary(), THEMES["plan"], own), "x", "d")) for _ in range(2)]
    assert drawn[0] == drawn[1]


keys = st.integers(0, 11).map(str)


@examples(60)
@given(
    st.lists(st.tuples(keys, st.integers(20, 300), st.integers(10, 80)), min_size=1, unique_by=lambda one: one[0]),
    st.lists(st.tuples(keys, keys), max_size=30),
)
def test_any_graph_is_placed_without_overlaps(sizes: list[tuple[str, int, int]], pairs: list[tuple[str, str]]) -> None:
    boxes = [Box(*size) for size in sizes]
    known = {box.key for box in boxes}
    edges = [pair for pair in pairs if set(pair) <= known]
    layout = lay_out(boxes, edges, 400)
    assert overlaps(layout) == []
    assert set(layout.boxes) == known
    wanted = {pair for pair in edges if pair[0] != pair[1]}
    found = {(r.end, r.start) if r.reversed else (r.start, r.end) for r in layout.routes}
    assert found == wanted
    assert all(place.x >= 0 and place.x + place.box.width <= layout.width for place in layout.boxes.values())


def test_a_long_name_is_wrapped_and_a_box_is_as_wide_as_its_longest_line() -> None:
    assert wrap("Kobling mellom perspektiv og delmål") == ["Kobling mellom", "perspektiv og delmål"]
    assert text_width("mmm") > text_width("iii")
