"""The forms of words: letters that are written out, stems of Bokmål and Nynorsk, and the parts of compounds."""

from __future__ import annotations

import pytest

from plangraf.search.analysis import code, codes_of, fold, lower, stem_en, stem_nb, words_of
from plangraf.search.compounds import Splitter, vocabulary
from plangraf.search.nynorsk import to_bokmaal
from plangraf.search.spelling import distance

WORDS = (
    "plan planer klima energi parkering politikk næring mål bærekraft idrett kommune del strategi by vekst barn hage"
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Særlig", "saerlig"), ("ÅSE", "aase"), ("møte", "moete"), ("møte", "mote"), ("Tromsö", "tromsø"), ("é", "e")],
)
def test_letters_that_are_written_out_fold_to_the_same(one: str, other: str) -> None:
    assert fold(lower(one)) == fold(lower(other))


@pytest.mark.parametrize(
    "forms",
    [
        "barnehage barnehager barnehagen barnehagene barnehagar barnehagane",
        "plan planen planer planene planar planane",
        "by byen byer byene byar byane",
        "vei veien veier veiene veg vegen vegar vegane",
        "mobilitet mobiliteten",
        "program programmet programmer programma",
        "bærekraft bærekraftig berekraft berekraftig",
        "tjeneste tjenester tjenestene teneste tenester tenestene",
        "frivillighet frivilligheten frivilligheit frivilligheita",
        "utslipp utslippet utslepp utsleppa",
    ],
)
def test_the_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem_nb(word) for word in forms.split()}) == 1, {word: stem_nb(word) for word in forms.split()}


def test_words_of_other_meaning_keep_other_stems() -> None:
    assert (
        len(
            {
                stem_nb(word)
                for word in ["plan", "mål", "by", "vei", "barn", "helse", "vann", "strøm", "kommune", "klima"]
            }
        )
        == 10
    )


def test_an_english_word_has_its_english_stem() -> None:
    assert stem_en("cities") == stem_en("city")
    assert stem_en("housing") == stem_en("housed")


@pytest.mark.parametrize(
    ("nynorsk", "bokmaal"),
    [("høyring", "høring"), ("vatn", "vann"), ("skular", "skoler"), ("offentleg", "offentlig"), ("heimdal", "heimdal")],
)
def test_nynorsk_becomes_bokmaal(nynorsk: str, bokmaal: str) -> None:
    assert to_bokmaal(nynorsk) == bokmaal


def test_words_are_found_with_their_places() -> None:
    text = "Gang- og sykkelvei, children’s 8/21"
    assert [text[word.start : word.end] for word in words_of(text)] == [
        *("Gang", "og", "sykkelvei", "children’s", "8", "21"),
    ]
    assert [word.text for word in words_of("children’s")] == ["children"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [("Sak 8/21", ["8/21"]), ("11,6", ["11.6"]), ("delmål 11.b", ["11.b"]), ("19/18054", ["19/18054"]), ("Plan", [])],
)
def test_codes_are_found_in_a_text(text: str, codes: list[str]) -> None:
    assert codes_of(text) == codes


def test_a_code_has_one_form() -> None:
    assert code("11,6") == code(" 11.6 ") == "11.6"
    assert code("EC: ICT: 1C") == "ec:ict:1c"


@pytest.fixture(scope="module")
def splitter() -> Splitter:
    return Splitter(set(vocabulary(dict.fromkeys(WORDS.split(), 5))).__contains__)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("klimaplan", "klima plan"),
        ("klimaplanene", "klima plan"),
        ("parkeringspolitikk", "parkering politikk"),
        ("naeringsplan", "næring plan"),
        ("bærekraftsmål", "bærekraft mål"),
        ("berekraftsmål", "bærekraft mål"),
        ("kommunedelplan", "kommune del plan"),
        ("byvekst", "by vekst"),
        ("barnehage", "barn hage"),
    ],
)
def test_a_compound_is_divided_into_its_parts(splitter: Splitter, word: str, parts: str) -> None:
    assert splitter.parts(word) == [stem_nb(part) for part in parts.split()]


@pytest.mark.parametrize("word", ["plan", "trondheim", "klimatisk", "xyz", "a", ""])
def test_a_word_without_known_parts_stays_whole(splitter: Splitter, word: str) -> None:
    assert splitter.parts(word) == []


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [
        ("plan", "plan", 0),
        ("plan", "pan", 1),
        ("plan", "paln", 1),
        ("plan", "plann", 1),
        ("plan", "mål", 4),
        ("", "ab", 2),
    ],
)
def test_errors_between_words_are_counted(one: str, other: str, errors: int) -> None:
    assert distance(one, other) == errors
