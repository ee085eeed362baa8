"""Sentences about things: their templates, and what each kind says when any of its parts is missing."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from plangraf.pages.sentences.grammar import definite, genitive, lowered
from plangraf.pages.sentences.template import Said, SlotValue, TemplateError, in_words, parse, say, slots
from plangraf.pages.things.kind_files import Kind, load_kinds
from plangraf.pages.words import words
from small_home import ROOT

KINDS = sorted(
    {kind.name: kind for kind in load_kinds(ROOT / "queries").by_class.values()}.values(), key=lambda k: k.name
)
PLAN = next(kind for kind in KINDS if kind.name == "plan")


def value(*texts: str, noun: str = "", href: str | None = None) -> SlotValue:
    nouns = [Said(noun)] if noun else []
    return SlotValue([Said(text, href) for text in texts], nouns, str(len(texts)))


WHOLE = {
    "number": value("7"),
    "strategy": value("Planstrategi for Trondheim 2020-2023", href="/doc/s"),
    "period": value("2020–2023"),
    "municipality": value("Trondheim", href="/doc/t"),
    "kind": value("kommunedelplan", noun="en kommunedelplan"),
    "start": value("2020"),
    "responsible": value("Kommunaldirektør Byutvikling"),
}


def plan_says(*missing: str, language: str = "nb") -> str:
    values = {name: value for name, value in WHOLE.items() if name not in missing}
    return in_words(say(PLAN.sentence[language], values, words(language)))


def test_the_page_of_a_plan_says_what_a_person_would_say() -> None:
    assert plan_says() == (
        "Plan 7 i Trondheims planstrategi 2020–2023, en kommunedelplan som starter i 2020. "
        "Kommunaldirektør Byutvikling har ansvaret."
    )
    assert plan_says("responsible") == (
        "Plan 7 i Trondheims planstrategi 2020–2023, en kommunedelplan som starter i 2020."
    )
    assert plan_says("kind", "period") == (
        "Plan 7 i Trondheims planstrategi, med oppstart i 2020. Kommunaldirektør Byutvikling har ansvaret."
    )
    assert plan_says("number", "strategy", "start", "responsible") == "En plan for Trondheim, en kommunedelplan."
    assert plan_says(*WHOLE) == "En plan."


def test_words_of_a_sentence_lead_to_what_they_name() -> None:
    said = say(PLAN.sentence["nb"], WHOLE, words("nb"))
    assert Said("Trondheims planstrategi 2020–2023", "/doc/s") in said


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_sentence_is_whole_whatever_parts_are_missing(kind: Kind, language: str) -> None:
    template = kind.sentence[language]
    named = sorted({name for name, _ in slots(template)})
    assert len(named) < 12
    seen = set()
    for length, several in itertools.product(range(len(named) + 1), (False, True)):
        for chosen in itertools.combinations(named, length):
            texts = ("Æ1", "Æ2") if several else ("Æ1",)
            values = {name: value(*texts, noun="en ting", href="/x") for name in chosen}
            text = in_words(say(template, values, words(language)))
            seen.add(text)
            assert text, (kind.name, chosen)
            assert text[0].isupper() or text[0] in "«“" or text[0].isdigit(), text
            assert text.endswith("."), text
            assert not re.search(r"  | [.,:;)]|\.\.|,\.|^[,.:]|\( |,,|: ?\.|[{}\[\]|]", text), text
            assert text.count("«") == text.count("»"), text
            assert text.count("“") == text.count("”"), text
            assert text.count("(") == text.count(")"), text
    assert len(seen) > 1 or not named


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.title], ids=lambda kind: kind.name)
def test_a_name_made_of_parts_has_none_of_their_signs_left(kind: Kind) -> None:
    for language, template in kind.title.items():
        named = sorted({name for name, _ in slots(template)})
        for length in range(len(named) + 1):
            for chosen in itertools.combinations(named, length):
                text = in_words(say(template, {name: value("Æ") for name in chosen}, words(language)))
                assert not re.search(r"^[ ,]|[ ,]$|  ", text), (text, chosen)


def test_the_templates_of_a_kind_name_the_same_parts_in_both_languages() -> None:
    for kind in KINDS:
        assert {name for name, _ in slots(kind.sentence["nb"])} == {name for name, _ in slots(kind.sentence["en"])}, (
            kind.name
        )


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{a} og {b}", {"a": value("x"), "b": value("y")}, "X og y"),
        ("{a} og {b}", {"a": value("x")}, ""),
        ("[{a}|{b}|z]", {"b": value("y")}, "Y"),
        ("[{a}|{b}|z]", {}, "Z"),
        ("x[ [{a}|{b}] y]", {"b": value("y")}, "X y y"),
        ("{a:genitive} plan", {"a": value("Moss")}, "Moss’ plan"),
        ("{a:ett mål/mål}", {"a": value("x")}, "Ett mål"),
        ("{a:ett mål/mål}", {"a": value("x", "y")}, "2\u00a0mål"),
        ("{a:målet~målene}", {"a": value("x", "y")}, "Målene"),
        ("{a:noun}", {"a": value("plan", noun="en plan")}, "En plan"),
        ("[{a:noun}|ukjent]", {"a": value("plan")}, "Ukjent"),
        ("i {a:definite}", {"a": value("Bystyret")}, "I bystyret"),
        ("{a}", {"a": value("x", "y", "z", "æ")}, "X, y, z og æ"),
        ("{a}", {"a": value("1", "2", "3", "4", "5")}, "1, 2, 3 og 2 til"),
        ("[{>a}her{/}]", {}, ""),
        ("{a:count} ting", {"a": value("x", "y")}, "2 ting"),
    ],
)
def test_a_template_says_only_what_it_has(template: str, values: dict[str, SlotValue], expected: str) -> None:
    assert in_words(say(parse(template), values, words("nb"))) == expected


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("[a", "lacks its `]`"),
        ("a]", "closes nothing"),
        ("{>a}b", "lacks its `{/}`"),
        ("{a:big}", "the form of `{a:big}`"),
        ("{a", "is not part of a slot"),
        ("{>a}{>b}c{/}{/}", "a link stands inside a link"),
    ],
)
def test_a_template_that_cannot_be_read_is_refused(template: str, part: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(part)):
        parse(template)


def test_names_take_the_forms_of_their_language() -> None:
    assert [genitive("Trondheim", "nb"), genitive("Moss", "nb"), genitive("Moss", "en")] == [
        "Trondheims",
        "Moss’",
        "Moss'",
    ]
    assert [definite("City Council", "en"), definite("The youth council", "en"), definite("Bystyret", "nb")] == [
        "the City Council",
        "the youth council",
        "bystyret",
    ]
    assert [lowered("FN"), lowered("Sak 8/21")] == ["FN", "sak 8/21"]


def test_no_file_of_a_kind_says_the_same_in_both_languages() -> None:
    for path in sorted((ROOT / "queries" / "pages").glob("*.yaml")):
        same = re.findall(r"\{nb: ([^{},]+), en: \1\}", Path(path).read_text(encoding="utf-8"))
        assert set(same) <= {"Status", "Plan"}, path.name
