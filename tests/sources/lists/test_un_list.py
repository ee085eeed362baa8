"""The UN's own list: permanent codes as text, every target, and discontinued indicators led to their successors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from small_lists import DAY, PREFIXES, ROOT, SDG, entries, link_text, mapping_file, repairs, settings, values

from plangraf.errors import ListError
from plangraf.sources.lists.linking import Outcome, link

QUERY = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX sdgo: <http://metadata.un.org/sdg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?target ?code ?deprecated ?replacement WHERE {
  ?thing a sdgo:Indicator ; sdgo:isIndicatorOf ?target ; skos:notation ?code .
  OPTIONAL { ?thing owl:deprecated ?deprecated } OPTIONAL { ?thing dcterms:isReplacedBy ?replacement }
}"""
LIST = """
sdg:C080101 a sdgo:Indicator ; sdgo:isIndicatorOf sdg:8.1 ; owl:deprecated false ;
    skos:prefLabel "Growth"@en , "NaN"^^xsd:double ;
    skos:notation "8.1.1"^^sdgo:SDGCodeCompact , "C080101"^^sdgo:SDGCodePerm .
sdg:C081001 a sdgo:Indicator ; sdgo:isIndicatorOf sdg:8.10 ; owl:deprecated false ;
    skos:notation "8.10.1"^^sdgo:SDGCodeCompact , "C081001"^^sdgo:SDGCodePerm .
sdg:C200303 a sdgo:Indicator ; sdgo:isIndicatorOf sdg:1.5 , sdg:11.5 , sdg:13.1 ;
    skos:notation "1.5.1"^^sdgo:SDGCodeCompact , "11.5.1"^^sdgo:SDGCodeCompact , "13.1.1"^^sdgo:SDGCodeCompact ,
        "C200303"^^sdgo:SDGCodePerm .
sdg:C110601 a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.6 ; owl:deprecated true ;
    skos:notation "11.6.1"^^sdgo:SDGCodeCompact , "C110601"^^sdgo:SDGCodePerm .
sdg:C110603 a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.6 ;
    skos:notation "11.6.1"^^sdgo:SDGCodeCompact , "C110603"^^sdgo:SDGCodePerm .
sdg:C110c01 a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.c ; owl:deprecated true ;
    skos:notation "11.c.1"^^sdgo:SDGCodeCompact , "C110c01"^^sdgo:SDGCodePerm .
sdg:C010a01 a sdgo:Indicator ; sdgo:isIndicatorOf sdg:1.a ; owl:deprecated true ; dcterms:isReplacedBy sdg:C080101 ;
    skos:notation "1.a.1"^^sdgo:SDGCodeCompact , "C010a01"^^sdgo:SDGCodePerm .
"""
LABELS = "code\tnb\ten\nC080101\tVekst\tGrowth per person\nC081001\tFilialer\tBranches\nC200303\tDøde\tDead\n"


def link_un(folder: Path, text: str = LIST, labels: str = LABELS, **changes: object) -> Outcome:
    path = folder / "link" / "maaling" / "labels.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(labels, encoding="utf-8")
    read = {"format": "turtle", "query": QUERY}
    fixed: dict[str, object] = {"kind": "un-indicators", "labels": "labels.tsv", "label": [], "read": read}
    return link_text(folder, text, **{**fixed, "list": SDG.rstrip("/"), **changes})


def test_codes_are_text_and_an_indicator_of_several_targets_keeps_each(tmp_path: Path) -> None:
    done = link_un(tmp_path)
    assert done.things == {"indicators": 4, "discontinued indicators": 3}
    assert values(done.folder, f"{SDG}C081001", "sdgo:isIndicatorOf") == [f"<{SDG}8.10>"]
    assert values(done.folder, f"{SDG}C080101", "sdgo:isIndicatorOf") == [f"<{SDG}8.1>"]
    assert values(done.folder, f"{SDG}C200303", "sdgo:isIndicatorOf") == [
        f"<{SDG}{code}>" for code in ("1.5", "11.5", "13.1")
    ]
    assert values(done.folder, f"{SDG}C081001", "skos:notation") == [
        f'"8.10.1"^^<{SDG}ontology#SDGCodeCompact>',
        f'"C081001"^^<{SDG}ontology#SDGCodePerm>',
    ]


def test_a_discontinued_indicator_is_kept_and_led_to_the_one_that_replaced_it(tmp_path: Path) -> None:
    done = link_un(tmp_path)
    assert values(done.folder, f"{SDG}C110601", "dcterms:isReplacedBy") == [f"<{SDG}C110603>"]
    assert values(done.folder, f"{SDG}C010a01", "dcterms:isReplacedBy") == [f"<{SDG}C080101>"]
    assert values(done.folder, f"{SDG}C110c01", "dcterms:isReplacedBy") == []
    deprecated = '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    for code in ("C110601", "C110c01", "C010a01"):
        assert values(done.folder, f"{SDG}{code}", "owl:deprecated") == [deprecated]
    assert values(done.folder, f"{SDG}C110603", "owl:deprecated") == []
    assert repairs(done) == {"not-a-number": 1, "no-successor": 1, "successor-by-number": 1, "unlabelled": 1}


def _replaced(code: str, rest: str) -> str:
    return (
        f"sdg:{code} a sdgo:Indicator ; sdgo:isIndicatorOf sdg:1.a ; owl:deprecated true ; {rest} "
        f'skos:notation "1.a.9"^^sdgo:SDGCodeCompact , "{code}"^^sdgo:SDGCodePerm .\n'
    )


def test_an_indicator_may_be_replaced_by_several_and_never_by_itself(tmp_path: Path) -> None:
    more = _replaced("C010a02", "dcterms:isReplacedBy sdg:C080101 , sdg:C081001 ;")
    more += _replaced("C010a03", "dcterms:isReplacedBy sdg:C010a03 ;")
    more += _replaced("C010a04", 'dcterms:isReplacedBy "C080101" , <https://metadata.un.org/sdg/C099999> ;')
    done = link_un(tmp_path, LIST + more)
    replaced = {
        code: values(done.folder, f"{SDG}{code}", "dcterms:isReplacedBy") for code in ("C010a02", "C010a03", "C010a04")
    }
    assert replaced == {
        "C010a02": [f"<{SDG}C080101>", f"<{SDG}C081001>"],
        "C010a03": [],
        "C010a04": [f"<{SDG}C080101>"],
    }
    assert entries(done, "unknown-replacement") == (
        f"C010a03: {SDG}C010a03",
        "C010a04: https://metadata.un.org/sdg/C099999",
    )


def test_a_link_follows_a_chain_of_replacements_to_the_current_indicators(tmp_path: Path) -> None:
    chain = _replaced("C010a02", "dcterms:isReplacedBy sdg:C010a03 ;")
    chain += _replaced("C010a03", "dcterms:isReplacedBy sdg:C080101 , sdg:C010a04 ;")
    chain += _replaced("C010a04", "dcterms:isReplacedBy sdg:C010a02 , sdg:C081001 ;")
    shutil.copytree(ROOT / "data" / "sdg", tmp_path / "data" / "sdg")
    link_un(tmp_path / "data", LIST + chain)
    text = f'{PREFIXES}<https://lists.example/1> a sdgo:Indicator ; skos:notation "C010a02" .'
    (tmp_path / "list.ttl").write_text(text, encoding="utf-8")
    for name in ("ontology", "shapes", "queries"):
        (tmp_path / name).mkdir()
    mapping = mapping_file(tmp_path, slug="liste")
    done = link(settings(tmp_path), mapping, [str(tmp_path / "list.ttl")], today=DAY)
    assert entries(done, "discontinued") == ("1: C010a02 → C080101, C081001",)
    assert values(done.folder, "https://lists.example/1", "skos:closeMatch") == [f"<{SDG}C080101>", f"<{SDG}C081001>"]


def test_labels_are_ours_and_an_indicator_without_one_is_told(tmp_path: Path) -> None:
    done = link_un(tmp_path)
    assert values(done.folder, f"{SDG}C080101", "rdfs:label") == ['"Growth per person"@en', '"Vekst"@nb']
    assert values(done.folder, f"{SDG}C110603", "rdfs:label") == [
        '"FN-indikator 11.6.1"@nb',
        '"UN indicator 11.6.1"@en',
    ]
    assert values(done.folder, f"{SDG}C110601", "rdfs:label") == [
        '"Discontinued UN indicator 11.6.1 (C110601)"@en',
        '"Utgått FN-indikator 11.6.1 (C110601)"@nb',
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"C081001"^^sdgo:SDGCodePerm', '"C08101"^^sdgo:SDGCodePerm'), "has the permanent code C08101"),
        (('"8.10.1"^^sdgo:SDGCodeCompact', '"8.10.1"'), "C081001 has no printed number"),
    ],
)
def test_a_code_that_a_table_program_changed_is_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ListError, match=message):
        link_un(tmp_path, LIST.replace(*change))


def test_a_target_that_the_un_does_not_have_is_left_out_and_told(tmp_path: Path) -> None:
    done = link_un(tmp_path, LIST.replace("sdg:13.1 ;", "sdg:13.9 ;"))
    assert entries(done, "unknown-target") == (f"C200303: {SDG}13.9",)
    assert values(done.folder, f"{SDG}C200303", "sdgo:isIndicatorOf") == [f"<{SDG}1.5>", f"<{SDG}11.5>"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("kode\tnb\ten\n", "is to begin with the columns code, nb, en"),
        ("code\tnb\ten\nC080101\tVekst\n", "line 2 is to have a code and a label in nb and en"),
        ("code\tnb\ten\nC080101\tA\tB\nC080101\tC\tD\n", "line 3 labels C080101 a second time"),
    ],
)
def test_a_file_of_labels_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, labels: str, message: str) -> None:
    with pytest.raises(ListError, match=message):
        link_un(tmp_path, labels=labels)


def test_a_list_that_lacks_one_of_the_targets_is_not_the_whole_list(tmp_path: Path) -> None:
    described = (
        "PREFIX sdgo: <http://metadata.un.org/sdg/ontology#> SELECT ?thing WHERE { ?x sdgo:isIndicatorOf ?thing }"
    )
    with pytest.raises(
        ListError, match=r"of the UN's goals and targets are missing in the list, such as 1, 1\.1, 1\.2"
    ):
        link_un(tmp_path, described=described)


def test_a_national_list_asks_for_the_list_of_the_un_first(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("ontology", "shapes", "queries"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "data" / "sdg", home / "data" / "sdg")
    source = tmp_path / "list.ttl"
    source.write_text(
        f'{PREFIXES}<https://lists.example/1> a sdgo:Indicator ; skos:notation "C110603" .', encoding="utf-8"
    )
    with pytest.raises(ListError, match=r"Link the UN's list first: plangraf link data/link/un-sdg-kos/list\.yaml"):
        link(settings(home), mapping_file(tmp_path), [str(source)], today=DAY)


def test_the_shipped_list_has_every_indicator_of_the_release_with_a_label_of_ours() -> None:
    quads = list(ox.parse(path=str(ROOT / "data" / "link" / "un-sdg-kos" / "indicators.ttl")))
    things = {quad.subject for quad in quads if quad.object == ox.NamedNode(f"{SDG}ontology#Indicator")}
    discontinued = {quad.subject for quad in quads if quad.predicate.value.endswith("#deprecated")}
    replaced = {quad.subject for quad in quads if quad.predicate.value.endswith("/isReplacedBy")}
    assert (len(things), len(discontinued), len(replaced)) == (262, 30, 26)
    assert replaced < discontinued
    labels = [
        quad.object for quad in quads if quad.predicate.value.endswith("#label") and quad.subject not in discontinued
    ]
    words = [len(str(label.value).split()) for label in labels if isinstance(label, ox.Literal)]
    assert len(words) == 2 * 232
    assert max(words) <= 12
    linked = {quad.object for quad in quads if quad.predicate.value.endswith("#isIndicatorOf")}
    assert len(linked) == 169  # no target is without one
