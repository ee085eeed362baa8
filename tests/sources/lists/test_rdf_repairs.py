"""Faults of lists in RDF beyond those of one publisher: each is repaired and counted, or named in an error."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from small_lists import DAY, PREFIXES, SDG, entries, link_text, mapping_file, repairs, settings, values

from plangraf.errors import ListError
from plangraf.sources.lists.linking import link
from plangraf.sources.lists.loading import Content
from plangraf.sources.lists.rdf_entries import read_store
from plangraf.sources.lists.repairs import Repairs

X = "https://lists.example/x/"


def entry(rest: str, iri: str = f"{X}1") -> str:
    return f"<{iri}> a sdgo:Indicator ; {rest} .\n"


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (f"{X}1 ", f"{X}1"),
        (f"{X}1%20", f"{X}1"),
        (f"{X}1 b", f"{X}1%20b"),
        (f"{X}1|2", f"{X}1%7C2"),
        (f"{X}%zz", f"{X}%25zz"),
    ],
)
def test_an_iri_that_is_malformed_is_corrected_and_the_files_can_be_read(
    tmp_path: Path, written: str, right: str
) -> None:
    done = link_text(tmp_path, entry("sdgo:isIndicatorOf sdg:11.6", written))
    assert repairs(done) == {"malformed-iri": 1}
    assert values(done.folder, right, "sdgo:isIndicatorOf") == [f"<{SDG}11.6>"]
    assert values(done.folder, right, "plan:listKey") == [f'"{written}"']


def test_a_relative_iri_of_a_saved_file_belongs_to_the_address_of_the_list(tmp_path: Path) -> None:
    done = link_text(tmp_path, entry("sdgo:isIndicatorOf sdg:11.6", "x/1"))
    assert values(done.folder, f"{X}1", "sdgo:isIndicatorOf") == [f"<{SDG}11.6>"]


@pytest.mark.parametrize(
    ("predicate", "kind"),
    [
        ("https://purl.org/dc/terms/source", "known-namespace"),
        ("http://purl.org/dc/terms#source", "known-namespace"),
        ("http://purl.org/dc/termssource", "known-namespace"),
        ("http://www.purl.org/dc/terms/source", "known-namespace"),
        ("http://purl.org/dc/source", "namespace"),
        ("http://purl.org/dc/term/source", "namespace"),
    ],
)
def test_a_property_in_nearly_a_known_namespace_is_read_in_that_one(tmp_path: Path, predicate: str, kind: str) -> None:
    done = link_text(tmp_path, entry(f'sdgo:isIndicatorOf sdg:11.6 ; <{predicate}> "https://tall.example/a"'))
    assert repairs(done) == {kind: 1}
    assert values(done.folder, f"{X}1", "dcterms:source") == ["<https://tall.example/a>"]


def test_dublin_cores_elements_keep_their_namespace_and_lend_it_to_no_other_term(tmp_path: Path) -> None:
    elements = "http://purl.org/dc/elements/1.1/"
    store = _read(entry(f'<{elements}title> "A" ; <{elements}isReplacedBy> <{X}2>'))
    predicates = {quad.predicate.value for quad in store}
    assert {f"{elements}title", "http://purl.org/dc/terms/isReplacedBy"} <= predicates


def test_a_class_and_properties_of_the_un_under_https_are_the_uns(tmp_path: Path) -> None:
    https = "https://metadata.un.org/sdg/ontology#"
    done = link_text(tmp_path, f"<{X}1> a <{https}Indicator> ; <{https}isIndicatorOf> sdg:11.6 .")
    assert repairs(done) == {"known-namespace": 2}
    assert done.things == {"indicators": 1, "links to targets": 1}


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ("['a']", ["a"]),
        ('["a", "b"]', ["a", "b"]),
        ("('a',)", ["a"]),
        ("{'b', 'a'}", ["a", "b"]),
        (" ['a'] ", ["a"]),
        ("['a', None, nan]", ["a"]),
        ('["a", null, NaN]', ["a"]),
        ("['Barn hos 'mor'']", ["Barn hos 'mor'"]),
        ("[]", []),
        ("[nan]", []),
        ("nan", []),
        ("[1, 2]", ["[1, 2]"]),
        ("(2020)", ["(2020)"]),
        ("(a, b)", ["(a, b)"]),
        ("[nan ikke", ["[nan ikke"]),
    ],
)
def test_a_list_that_is_written_as_text_gives_its_texts(written: str, texts: list[str]) -> None:
    quoted = written.replace('"', '\\"')
    store = _read(f'<{X}1> skos:altLabel "{quoted}" .')
    assert sorted(quad.object.value for quad in store) == texts


@pytest.mark.parametrize(
    ("text", "tag", "read"),
    [
        ("Antall innbyggere i kommunen", "en", "nb"),
        ("Vekst på øya", "en", "nb"),
        ("Population of Ålesund and the islands", "en", "en"),
        ("Water", "en", "en"),
        ("Number of people in the city", "no", "en"),
        ("Bidrag til WHO og the Protocol on Water", "no", "no"),
        ("Nombre de personnes", "fr", "fr"),
    ],
)
def test_the_words_of_a_text_tell_bokmal_from_english(text: str, tag: str, read: str) -> None:
    assert [quad.object.language for quad in _read(f'<{X}1> skos:altLabel "{text}"@{tag} .')] == [read]


def test_a_code_that_is_written_as_a_number_keeps_its_last_zero(tmp_path: Path) -> None:
    done = link_text(tmp_path, entry("sdgo:isIndicatorOf 8.10"))
    assert values(done.folder, f"{X}1", "sdgo:isIndicatorOf") == [f"<{SDG}8.10>"]
    assert repairs(done) == {"number-as-code": 1}


@pytest.mark.parametrize("written", ["Mål 8.10", "SDG 8.10", "08.10", "8.10.", "8,10", f"{SDG}8.10/", f"{SDG}8.10#"])
def test_a_code_is_known_in_the_ways_that_people_write_it(tmp_path: Path, written: str) -> None:
    done = link_text(tmp_path, entry(f'sdgo:isIndicatorOf "{written}"'))
    assert values(done.folder, f"{X}1", "sdgo:isIndicatorOf") == [f"<{SDG}8.10>"]
    assert entries(done, "spelling") == (f"1: {written}",)


def test_a_letter_may_follow_a_hyphen_but_a_number_may_be_a_range(tmp_path: Path) -> None:
    done = link_text(tmp_path, entry('sdgo:isIndicatorOf "11-a"'))
    assert values(done.folder, f"{X}1", "sdgo:isIndicatorOf") == [f"<{SDG}11.a>"]


@pytest.mark.parametrize("written", ["8.010", "8.100", "18.1", "8.1.1", "11.6, 11.7", "٨.١", "Mål", "8-10", "0.1"])
def test_what_is_no_code_is_left_out_and_told(tmp_path: Path, written: str) -> None:
    done = link_text(tmp_path, entry(f'sdgo:isIndicatorOf "{written}" , sdg:11.6'))
    assert values(done.folder, f"{X}1", "sdgo:isIndicatorOf") == [f"<{SDG}11.6>"]
    assert entries(done, "unknown-target") == (f"1: {written}",)


def test_an_address_in_text_ends_before_the_signs_around_it(tmp_path: Path) -> None:
    done = link_text(
        tmp_path, entry("sdgo:isIndicatorOf sdg:11.6 ; dcterms:source \"se ('https://tall.example/a_(2020)'), side 2\"")
    )
    assert values(done.folder, f"{X}1", "dcterms:source") == ["<https://tall.example/a_(2020)>"]


def test_a_byte_order_mark_is_no_part_of_a_list(tmp_path: Path) -> None:
    text = f"{PREFIXES}{entry('sdgo:isIndicatorOf sdg:11.6')}"
    done = link_text(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert done.things == {"indicators": 1, "links to targets": 1}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="x:"/>', "XML"),
        (b'<rdf:RDF xmlns:rdf="x:"/>', "XML"),
        (b'{"@id": "x:"}', "JSON"),
        ("@prefix x: <x:> .".encode("utf-16"), "UTF-16"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd"),
    ],
)
def test_a_file_in_another_format_is_named_by_it(tmp_path: Path, content: bytes, kind: str) -> None:
    with pytest.raises(ListError, match=f"is {kind}, not turtle"):
        link_text(tmp_path, content)


def test_two_keys_that_give_one_iri_are_told(tmp_path: Path) -> None:
    table = f"Nr,Mål\n{X}å,11.6\n{X}%C3%A5,11.7\n"
    read = {"format": "csv", "columns": {"thing": "Nr", "target": "Mål"}}
    with pytest.raises(ListError, match=r"line 3: the keys .* give one IRI"):
        link_text(tmp_path, table, name="list.csv", read=read)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("Punkt", "names nothing of an entry"),
        ("Punkt {kode}", "names {kode}; known: code, goal, key, n, number, target"),
        ("Punkt {key", "is malformed"),
        ("Punkt {}", "names {}; known"),
        ("Punkt {key.x}", "names {key.x}; known"),
    ],
)
def test_a_label_pattern_that_cannot_be_filled_in_is_refused(tmp_path: Path, pattern: str, message: str) -> None:
    label = [{"nb": pattern, "en": "Point {key}"}]
    with pytest.raises(ListError, match=message):
        link(settings(), mapping_file(tmp_path, label=label), ["list.ttl"], today=DAY)


def _read(text: str) -> ox.Store:
    return read_store(Content("list.ttl", f"{PREFIXES}{text}".encode()), Repairs())
