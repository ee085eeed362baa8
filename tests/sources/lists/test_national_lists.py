"""National lists of indicators: links and facts come out, never texts, and each fault is mended and counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_lists import ASCII, LIST, PREFIXES, SDG, entries, link_text, repairs, values

from plangraf.errors import ListError
from plangraf.sources.lists.loading import Content
from plangraf.sources.lists.rdf_entries import read_store
from plangraf.sources.lists.repairs import Repairs

FAULTY = """
<https://lists.example/måling/1> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:8.10 ; sdgo:hasGoal sdg:8 ;
    dct:title "['Antall filialer på bygda']"@en ; dcterms:source "['https://tall.example/a']" .
<https://lists.example/måling/2> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:8.1 , sdg:11.6 ;
    dct:title "['Vekst']"@no .
<https://lists.example/måling/10> a sdgo:Indicator ; sdgo:hasGoal sdg:17 ; dct:title "Nett på øya"@en ;
    dcterms:source "Side 6: https://tall.example/b?side=1,2" , "Finnes ikke" .
"""


def test_faults_of_form_are_repaired_in_what_is_read_each_kind_with_its_count(tmp_path: Path) -> None:
    done = link_text(tmp_path, FAULTY)
    assert repairs(done) == {
        "namespace": 3,
        "written-list": 3,
        "language-tag": 2,
        "non-ascii-iri": 3,
        "without-target": 1,
        "address-in-text": 1,
        "bad-address": 1,
    }
    assert entries(done, "bad-address") == ("10",)
    assert done.things == {"indicators": 3, "links to targets": 3, "addresses of figures": 2, "links to goals only": 1}


def test_an_entry_has_its_links_a_label_of_ours_and_the_key_that_the_list_gives(tmp_path: Path) -> None:
    folder = link_text(tmp_path, FAULTY).folder
    assert values(folder, f"{ASCII}/2", "sdgo:isIndicatorOf") == [f"<{SDG}11.6>", f"<{SDG}8.1>"]
    assert values(folder, f"{ASCII}/1", "sdgo:isIndicatorOf") == [f"<{SDG}8.10>"]
    assert values(folder, f"{ASCII}/1", "rdfs:label") == [
        '"Measuring point 8.10-1 for target 8.10"@en',
        '"Målepunkt 8.10-1 for delmål 8.10"@nb',
    ]
    assert values(folder, f"{ASCII}/10", "rdfs:label") == ['"Measuring point 10"@en', '"Målepunkt 10"@nb']
    assert values(folder, f"{ASCII}/1", "plan:listKey") == [f'"{LIST}/1"']
    assert values(folder, f"{ASCII}/1", "prov:wasDerivedFrom") == [f"<{ASCII}>"]
    assert values(folder, f"{ASCII}/10", "dcterms:subject") == [f"<{SDG}17>"]
    assert values(folder, f"{ASCII}/1", "dcterms:subject") == []  # the target leads to the goal
    assert values(folder, f"{ASCII}/10", "dcterms:source") == ["<https://tall.example/b?side=1,2>"]


def test_no_text_of_the_list_comes_into_the_dataset(tmp_path: Path) -> None:
    folder = link_text(tmp_path, FAULTY).folder
    written = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.ttl"))
    assert not [text for text in ("filialer", "Vekst", "øya", "Finnes ikke", "Side 6") if text in written]


def test_a_dataset_says_what_was_read_by_which_query_and_what_was_repaired(tmp_path: Path) -> None:
    folder = link_text(tmp_path, FAULTY).folder
    assert values(folder, ASCII, "plan:retrievedOn") == ['"2026-11-29"^^<http://www.w3.org/2001/XMLSchema#date>']
    (digest,) = values(folder, ASCII, "plan:contentDigest")
    assert len(digest) == 66
    (query,) = values(folder, ASCII, "plan:readingQuery")
    assert query.startswith('"PREFIX dcterms:')
    assert f"<{SDG}ontology#isIndicatorOf>" in values(folder, ASCII, "plan:listedProperty")
    assert values(folder, ASCII, "plan:ownProperty") == ["<http://www.w3.org/2000/01/rdf-schema#label>"]
    repair = "https://w3id.org/plangraf/id/link/list-repair/maaling-language-tag"
    assert values(folder, repair, "plan:repairCount") == ['"2"^^<http://www.w3.org/2001/XMLSchema#integer>']


@pytest.mark.parametrize(
    ("entry", "kind", "stood", "indicator", "targets"),
    [
        # Code, printed number and target agree.
        ('sdgo:isIndicatorOf sdg:11.6 ; skos:notation "C110603" ; dct:title "11.6.1 A"', None, "", "C110603", ["11.6"]),
        # A code that was discontinued leads to the one that has its number now.
        (
            'sdgo:isIndicatorOf sdg:11.6 ; skos:notation "C110601" ; dct:title "11.6.1 A"',
            "discontinued",
            "C110601 → C110603",
            "C110603",
            ["11.6"],
        ),
        # One without a successor is kept.
        (
            'sdgo:isIndicatorOf sdg:8.9 ; skos:notation "C080902"',
            "discontinued-without-successor",
            "C080902",
            "C080902",
            ["8.9"],
        ),
        ('sdgo:isIndicatorOf sdg:17.3 ; skos:notation "C170303"', "unknown-indicator", "C170303", None, ["17.3"]),
        # Number and target against the code, code and number against the target, code and target against the number.
        (
            'sdgo:isIndicatorOf sdg:8.5 ; skos:notation "C080601" ; dct:title "8.5.2 A"',
            "code-against-number",
            "C080601, 8.5.2, 8.5",
            "C080502",
            ["8.5"],
        ),
        (
            'sdgo:isIndicatorOf sdg:3.3 ; skos:notation "C030202" ; dct:title "3.2.2 A"',
            "target-against-code",
            "C030202, 3.2.2, 3.3",
            "C030202",
            ["3.2"],
        ),
        # One of several targets is enough.
        ('sdgo:isIndicatorOf sdg:3.2 , sdg:8.10 ; skos:notation "C030202"', None, "", "C030202", ["3.2", "8.10"]),
        ('sdgo:isIndicatorOf sdg:3.2 ; skos:notation "C030202" ; dct:title "9.9.9 A"', None, "", "C030202", ["3.2"]),
        # Two that disagree.
        (
            'sdgo:isIndicatorOf sdg:3.3 ; skos:notation "C030202"',
            "contradiction",
            "C030202, 3.3",
            None,
            ["3.3"],
        ),
        # Three that disagree.
        (
            'sdgo:isIndicatorOf sdg:3.3 ; skos:notation "C030202" ; dct:title "8.5.2 A"',
            "contradiction",
            "C030202, 8.5.2, 3.3",
            None,
            ["3.3"],
        ),
        (
            'skos:notation "C030101" ; dct:title "3.1.1 A"',
            "target-from-code",
            "C030101, 3.1.1",
            "C030101",
            ["3.1"],
        ),
        # An entry for one of the numbers of an indicator with several.
        (
            'sdgo:isIndicatorOf sdg:13.1 ; skos:notation "C200303" ; dct:title "13.1.1 A"',
            None,
            "",
            "C200303",
            ["13.1"],
        ),
        ("sdgo:isIndicatorOf sdg:11.11", "unknown-target", f"{SDG}11.11", None, []),
        (
            "sdgo:isIndicatorOf <https://metadata.un.org/sdg/11.A>",
            "spelling",
            "https://metadata.un.org/sdg/11.A",
            None,
            ["11.a"],
        ),
        ("sdgo:isIndicatorOf sdg:11.6 ; sdgo:hasGoal sdg:18", "unknown-goal", f"{SDG}18", None, ["11.6"]),
    ],
)
def test_code_number_and_target_are_three_witnesses(
    tmp_path: Path, entry: str, kind: str | None, stood: str, indicator: str | None, targets: list[str]
) -> None:
    done = link_text(tmp_path, f"<https://lists.example/l/7> a sdgo:Indicator ; {entry} .")
    thing = "https://lists.example/l/7"
    assert values(done.folder, thing, "skos:closeMatch") == ([f"<{SDG}{indicator}>"] if indicator else [])
    assert values(done.folder, thing, "sdgo:isIndicatorOf") == [f"<{SDG}{target}>" for target in targets]
    of_form = {"namespace", "without-target"}
    assert {repair.kind: repair.entries for repair in done.repairs if repair.kind not in of_form} == (
        {kind: (f"7: {stood}",)} if kind else {}
    )


def test_a_table_is_read_by_its_columns_and_its_codes_stay_text(tmp_path: Path) -> None:
    table = "Nr;Navn;Delmål;Kode;FN-kode\r\n0301;Oslo;8,10;A 1;\r\n2;Et navn;8.1| 11.6 ;;C110603\r\n"
    done = link_text(
        tmp_path,
        "\ufeff" + table,
        name="list.csv",
        iri="https://lists.example/punkt/{key}",
        read={
            "format": "csv",
            "delimiter": ";",
            "separator": "|",
            "columns": {"thing": "Nr", "target": "Delmål", "code": "Kode", "indicator": "FN-kode"},
        },
        label=[{"nb": "Punkt {key}", "en": "Point {key}"}],
    )
    first, second = "https://lists.example/punkt/0301", "https://lists.example/punkt/2"
    assert values(done.folder, first, "sdgo:isIndicatorOf") == [f"<{SDG}8.10>"]
    assert values(done.folder, first, "skos:notation") == ['"A 1"']
    assert values(done.folder, first, "plan:listKey") == ['"0301"']
    assert values(done.folder, second, "sdgo:isIndicatorOf") == [f"<{SDG}11.6>", f"<{SDG}8.1>"]
    # The code is of target 11.6, which is one of the two.
    assert repairs(done) == {"spelling": 1}
    assert "Navn" not in (done.folder / "indicators.ttl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("Nr,Delmål\n1,11\0.6\n", "has the character NUL: it is damaged, or not utf-8"),
        ("Nr,Delmål,Delmål\n1,11.6,8.1\n", "has the column Delmål twice"),
        ("Nr,Delmål\n1,11.6\n2\n", "line 3 has 1 cells, the head 2. The file may be broken off"),
        ("Nr,Mål\n1,11\n", "has no column Delmål. Its head is: Nr, Mål"),
        ("Nr,Delmål\n,11.6\n", "line 2 has no key"),
        ("Nr,Delmål\n", "has a head and no row"),
        ('Nr,Delmål\n1,"11.6\n', "is not CSV"),
        ("Nr,Delmål\n1,11.6\n".encode("utf-16"), "is not utf-8"),
        ("<!DOCTYPE html><title>Ikke funnet</title>", "is an HTML page, not the list"),
        ("  \n", "is empty"),
        (b"PK\x03\x04rest", "is a zip archive or workbook, not csv"),
    ],
)
def test_a_table_that_is_not_what_it_says_is_refused_and_nothing_is_written(
    tmp_path: Path, table: str | bytes, message: str
) -> None:
    columns = {"format": "csv", "columns": {"thing": "Nr", "target": "Delmål"}}
    with pytest.raises(ListError, match=message):
        link_text(tmp_path, table, name="list.csv", iri="https://lists.example/{key}", read=columns)
    assert [path.name for path in (tmp_path / "link" / "maaling").iterdir()] == ["list.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<https://lists.example/1> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.6", "is not complete Turtle: .* line"),
        (b"\n<!-- Flyttet --><html><body>Siden er flyttet</body></html>", "is an HTML page, not the list"),
        ("<https://lists.example/1> a sdgo:Target .", "finds nothing in the file"),
        ("[] a sdgo:Indicator .", "which has no IRI"),
        (
            '<https://lists.example/1> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.6 ; skos:notation "A" , "B" .',
            "two values for `code`: A and B",
        ),
    ],
)
def test_turtle_that_is_not_the_list_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ListError, match=message):
        link_text(tmp_path, text)


def test_a_row_that_stands_twice_is_read_once_and_told(tmp_path: Path) -> None:
    text = "Nr,Mål\nhttps://lists.example/1,11.6\nhttps://lists.example/1,11.7\nhttps://lists.example/1,11.6\n"
    read = {"format": "csv", "columns": {"thing": "Nr", "target": "Mål"}}
    done = link_text(tmp_path, text, name="list.csv", read=read)
    assert done.things == {"indicators": 1, "links to targets": 2}
    assert repairs(done) == {"duplicate-row": 1}


def test_an_entry_that_no_label_pattern_fits_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"No label of the mapping fits the entry https://lists\.example/1"):
        link_text(
            tmp_path,
            "<https://lists.example/1> a sdgo:Indicator .",
            label=[{"nb": "For {target}", "en": "For {target}"}],
        )


def test_a_query_sees_a_list_as_it_is_meant() -> None:
    """Predicates in dcterms, texts without brackets, Norwegian as Norwegian, IRIs in ASCII, no NaN."""
    text = f"""{PREFIXES}
<https://lists.example/å> dct:title "['På øya', 'Ved havet']"@en , "Water"@en ;
    dcterms:subject <https://lists.example/ø> ;
    skos:prefLabel "NaN"^^xsd:double , "[1, 2]" , "1.5"^^xsd:double ."""
    store = read_store(Content("list.ttl", text.encode()), Repairs())
    thing, dcterms = "https://lists.example/%C3%A5", "http://purl.org/dc/terms/"
    double = "^^<http://www.w3.org/2001/XMLSchema#double>"
    assert sorted((quad.subject.value, quad.predicate.value, str(quad.object)) for quad in store) == [
        (thing, f"{dcterms}subject", "<https://lists.example/%C3%B8>"),
        (thing, f"{dcterms}title", '"På øya"@nb'),
        (thing, f"{dcterms}title", '"Ved havet"@nb'),
        (thing, f"{dcterms}title", '"Water"@en'),
        (thing, "http://www.w3.org/2004/02/skos/core#prefLabel", f'"1.5"{double}'),
        (thing, "http://www.w3.org/2004/02/skos/core#prefLabel", '"[1, 2]"'),
    ]
