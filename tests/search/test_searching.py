"""What an answer says beside its hits: facets, marks, what was mended, what is missing, pages."""

from __future__ import annotations

import pytest

from plangraf.search.entries import FACETS
from plangraf.search.index_files import SearchIndex
from plangraf.search.searching import search


def marked(index: SearchIndex, text: str) -> list[str]:
    """The marked words of the first hit's title."""
    return [piece for piece, is_marked in search(index, text).hits[0].title.pieces() if is_marked]


def test_facets_count_all_hits_and_narrow_them(index: SearchIndex) -> None:
    found = search(index, "mobilitet")
    assert list(found.facets) == list(FACETS)
    assert sum(found.facets["kind"].values()) == found.total
    assert found.facets["municipality"]["5001"] >= found.facets["kind"]["plans"]
    for name in ("kind", "goal", "period"):
        for value, number in found.facets[name].items():
            assert search(index, "mobilitet", {name: value}).total == number, (name, value)


def test_two_choices_hold_at_once(index: SearchIndex) -> None:
    both = search(index, "plan", {"kind": "plans", "goal": "11"}, limit=100)
    assert both.total
    assert all(hit.entry.kind == "plans" and "11" in hit.entry.values["goal"] for hit in both.hits)


def test_a_status_is_a_facet(index: SearchIndex) -> None:
    found = search(index, "plan")
    assert found.facets["status"]
    for value in found.facets["status"]:
        assert set(index.labels.values["status"][value]) == {"nb", "en"}


def test_an_empty_text_selects_everything_and_a_sign_alone_nothing(index: SearchIndex) -> None:
    assert search(index, "").total == search(index, " \t ").total == index.entries
    assert search(index, "?!").total == 0


def test_pages_are_disjoint_and_complete(index: SearchIndex) -> None:
    whole = [hit.entry.path for hit in search(index, "klima", limit=100).hits]
    pages = [hit.entry.path for at in (0, 5, 10) for hit in search(index, "klima", offset=at, limit=5).hits]
    assert pages == whole[:15]
    assert len(whole) > 15


def test_the_matched_words_are_marked_in_every_form(index: SearchIndex) -> None:
    assert marked(index, "parkering politikk") == ["parkeringspolitikk"]
    assert marked(index, "groenn mobiliteten") == ["Grønn mobilitet"]
    assert marked(index, "naturmangfald") == ["naturmangfold"]
    assert marked(index, "parkerinspolitikk") == ["parkeringspolitikk"]


def test_a_number_is_marked_beside_the_word_before_it(index: SearchIndex) -> None:
    assert marked(index, "sak 8/21") == ["Sak 8/21"]


def test_a_hit_says_why_it_was_found(index: SearchIndex) -> None:
    other = search(index, "trondheimsløftet").hits[0]
    assert (other.reason, other.why and other.why.text) == ("other", "Trondheimsløftet")
    number = search(index, "sak 8/21").hits[0]
    assert (number.reason, number.why and number.why.text) == ("code", "8/21")
    text = next(hit for hit in search(index, "nullvekst").hits if hit.entry.kind == "plans")
    assert text.reason == "text"
    assert text.why is not None
    assert [piece for piece, is_marked in text.why.pieces() if is_marked] == ["nullvekst"]


def test_a_title_is_in_the_language_that_is_asked_for(index: SearchIndex) -> None:
    titles = {language: search(index, "grønn mobilitet", language=language).hits[0].title for language in ("nb", "en")}
    assert (titles["nb"].text, titles["nb"].lang) == ("Grønn mobilitet", "nb")
    assert (titles["en"].text, titles["en"].lang) == ("Green mobility", "en")


def test_the_answer_names_words_that_were_mended_and_words_that_nothing_has(index: SearchIndex) -> None:
    found = search(index, "parkerinspolitikk xqzvwk")
    assert found.mended["parkerinspolitikk"][0] == "parkeringspolitikk"
    assert found.unknown == ["xqzvwk"]
    assert found.partial


def test_a_short_word_has_no_typing_error(index: SearchIndex) -> None:
    assert search(index, "xlan").mended == {}


def test_words_that_no_thing_has_together_give_things_with_some(index: SearchIndex) -> None:
    found = search(index, "parkeringspolitikk Klæbu")
    assert found.partial
    assert found.total


def test_a_decision_is_found_by_the_number_of_its_case(index: SearchIndex) -> None:
    kinds = [hit.entry.kind for hit in search(index, "sak 8/21").hits]
    assert kinds[:2] == ["cases", "decisions"]


@pytest.mark.parametrize(("kind", "text"), [("queries", "plans by target"), ("lists", "Saker"), ("sections", "Finans")])
def test_queries_lists_and_sections_are_found(index: SearchIndex, kind: str, text: str) -> None:
    found = search(index, text, {"kind": kind})
    assert found.hits
    assert found.hits[0].reason in ("title", "other")


def test_evidence_and_links_are_not_found(index: SearchIndex) -> None:
    assert not {"evidence", "passages", "interpreted-links"} & index.labels.kinds.keys()


def test_a_thing_has_the_name_of_its_own_class_in_a_list_of_several(index: SearchIndex) -> None:
    found = search(index, "attraktiv arbeidsgiver", {"kind": "municipal-goals"}, limit=10)
    names = {hit.entry.id.rpartition("/id/5001/")[2]: index.labels.singular[hit.entry.one]["en"] for hit in found.hits}
    assert names["goal/2009-2020-4"] == "Main goal"
    assert names["sub-goal/2009-2020-4.2"] == "Sub-goal"


def test_every_kind_has_its_names_in_both_languages(index: SearchIndex) -> None:
    assert index.labels.kinds.keys() >= {"plans", "targets", "terms", "queries", "lists", "sections"}
    for names in (*index.labels.kinds.values(), *index.labels.singular.values()):
        assert names.keys() == {"nb", "en"}


def test_a_compound_that_nothing_has_gives_things_with_its_rarer_part(index: SearchIndex) -> None:
    found = search(index, "folkehelseplan")
    assert found.partial
    assert "folkehelse" in found.hits[0].title.text.casefold()


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("perspektiv", "perspectives", "/perspectives"),
        ("planer", "plans", "/plans"),
        ("planning strategy", "planning-strategies", "/planning-strategies"),
        ("sak", "cases", "/cases"),
    ],
)
def test_the_name_of_a_kind_finds_its_list_and_its_things(index: SearchIndex, text: str, kind: str, path: str) -> None:
    found = search(index, text, limit=1)
    assert found.hits[0].entry.path == path
    assert search(index, text, {"kind": kind}).total >= 1
