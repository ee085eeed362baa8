"""A table becomes a well-formed data cube that a build accepts, the same bytes each time, all or nothing."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from json_stat_tables import LICENCE, table, written
from pyoxigraph import NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

from plangraf.checks.cube_keys import key_problems
from plangraf.checks.data_graph import DataGraph
from plangraf.checks.verdict import verdict
from plangraf.diagnostics.diagnostic import DataError
from plangraf.diagnostics.progress import Progress
from plangraf.errors import SettingError
from plangraf.settings import Settings, load_settings
from plangraf.sources.files import sources
from plangraf.sources.statistics import importing
from plangraf.sources.statistics.cube.description import IndicatorLink
from plangraf.sources.statistics.cube.names import TableNames, key
from plangraf.sources.statistics.cube.norwegian_areas import area_of
from plangraf.sources.statistics.findings import TableError
from plangraf.sources.statistics.importing import Options, Outcome, import_statistics
from plangraf.sources.statistics.interpretations import Interpretation
from plangraf.sources.turtle import read
from small_home import ROOT

OPTIONS = Options(licence=LICENCE, retrieved="2026-11-29T08:00:00Z")
PREFIXES = """\
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX sdmx-dimension: <http://purl.org/linked-data/sdmx/2009/dimension#>
PREFIX sdmx-measure: <http://purl.org/linked-data/sdmx/2009/measure#>
PREFIX sdmx-attribute: <http://purl.org/linked-data/sdmx/2009/attribute#>
"""
ID = "https://w3id.org/plangraf/id/"
UNIT = "http://qudt.org/vocab/unit/"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The project's ontology, shapes and checks, with the UN's targets as its only data."""
    made = tmp_path / "home"
    made.mkdir()
    for name in ("ontology", "shapes", "queries"):
        (made / name).symlink_to(ROOT / name)
    (made / "data").mkdir()
    (made / "data" / "sdg").symlink_to(ROOT / "data" / "sdg")
    return made


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "05111.json"
    path.write_bytes(written(table()))
    return path


def run(settings: Settings, source: Path, options: Options = OPTIONS, **more: Any) -> Outcome:
    return import_statistics(settings, [source], None, options, **more)


def store_of(folder: Path) -> Store:
    store = Store()
    for path in sorted(folder.iterdir()):
        store.load(path=str(path), format=RdfFormat.TURTLE)
    return store


def asked(store: Store, query: str) -> list[tuple[str | None, ...]]:
    found = store.query(PREFIXES + query)
    assert isinstance(found, QuerySolutions)
    return [
        tuple(None if term is None else term.value.removeprefix(ID).removeprefix(UNIT) for term in row) for row in found
    ]


def test_each_value_is_an_observation_with_area_period_unit_and_contents(settings: Settings, source: Path) -> None:
    done = run(settings, source)
    assert (done.state, done.folder, done.missing) == ("written", settings.home / "data" / "no" / "05111", 1)
    rows = asked(
        store_of(done.folder),
        """SELECT ?area ?period ?contents ?value ?unit ?symbol ?status {
             ?o a qb:Observation ; qb:dataSet <https://w3id.org/plangraf/id/no/cube/05111> ;
               sdmx-dimension:refArea ?area ; sdmx-dimension:refPeriod ?period ;
               <https://w3id.org/plangraf/id/no/dimension/05111-Innhold> ?contents ; sdmx-attribute:unitMeasure ?unit
             OPTIONAL { ?o sdmx-measure:obsValue ?value }
             OPTIONAL { ?o sdmx-attribute:obsStatus ?status ; plan:statusSymbol ?symbol }
           } ORDER BY ?area ?contents ?period""",
    )
    oslo, trondheim = "0301/municipality/0301", "5001/municipality/5001"
    people, share = "no/code/05111-unit-personer", "PERCENT"
    count, part = "no/code/05111-Innhold-Antall", "no/code/05111-Innhold-Andel"
    assert rows == [
        (oslo, "2019", part, "9", share, None, None),
        (oslo, "2020", part, "0", share, None, None),
        (oslo, "2019", count, "7", people, None, None),
        (oslo, "2020", count, "8", people, None, None),
        (trondheim, "2019", part, "2.1", share, None, None),
        (trondheim, "2020", part, "2.25", share, None, None),
        (trondheim, "2019", count, "1500", people, None, None),
        (trondheim, "2020", count, None, people, "..", "scheme/observation-status/not-available"),
    ]


def test_provenance_tells_query_time_digest_repairs_and_licence(settings: Settings, source: Path) -> None:
    document = table()
    del document["role"]["geo"]
    source.write_bytes(written(document))
    query = "https://data.example/tables/05111/data?valuecodes[Region]=5001&lang=no"
    done = run(settings, source, replace(OPTIONS, query=query))
    rows = asked(
        store_of(done.folder),
        """SELECT ?query ?time ?digest ?repair ?licence ?source {
             ?dataset prov:wasGeneratedBy ?run ; <http://purl.org/dc/terms/license> ?licence ;
               <http://purl.org/dc/terms/source> ?source .
             ?run prov:used ?file ; plan:repair ?repair FILTER (LANG(?repair) = "en")
             ?file plan:readingQuery ?query ; prov:generatedAtTime ?time ; plan:contentDigest ?digest }""",
    )
    assert rows == [
        (
            query,
            "2026-11-29T08:00:00Z",
            hashlib.sha256(source.read_bytes()).hexdigest(),
            "dimension Region is read as areas, which the source does not say (1)",
            LICENCE,
            "https://data.example/tables/05111/data",
        )
    ]


def test_the_observation_file_is_sorted_n_triples_that_the_description_vouches_for(
    settings: Settings, source: Path
) -> None:
    codes = {"0-9": 0, "0": 1, "100+10": 2, "Ø.1": 3, "a~b": 4, "_": 5, "0A": 6, "0:": 7}
    document = table(
        size=[8, 2, 2], value=list(range(32)), status={"3": "*"}, role={"metric": ["Innhold"], "time": ["Tid"]}
    )
    document["id"][0] = "Alder"
    document["dimension"]["Alder"] = {"label": "alder", "category": {"index": codes}}
    del document["dimension"]["Region"]
    source.write_bytes(written(document))
    folder = run(settings, source, replace(OPTIONS, area="0")).folder
    content = (folder / "observations.nt").read_bytes()
    lines = content.splitlines()
    assert lines == sorted(set(lines))
    assert content.endswith(b".\n")
    assert content.isascii()
    assert len(list(parse(content, format=RdfFormat.N_TRIPLES))) == len(lines)
    assert asked(
        store_of(folder),
        "SELECT ?digest ?lines { ?f a plan:ObservationFile ; plan:contentDigest ?digest ; plan:statementCount ?lines }",
    ) == [(hashlib.sha256(content).hexdigest(), str(len(lines)))]
    assert b"<https://w3id.org/plangraf/id/no/observation/05111-~C3~98~2E1.Andel.2019.0>" in content


def test_different_codes_have_different_keys() -> None:
    codes = ["0-9", "0", "9", "0~2D9", "a.b", "a b", "A", "a", "Å", "å", "%", "/", "", "\u20ac"]
    assert len({key(code) for code in codes}) == len(codes)
    assert all(key(code).isascii() and "." not in key(code) and "%" not in key(code) for code in codes)
    assert key("100+10") == "100~2B10"


def test_equal_texts_of_dimension_and_code_are_different_concepts() -> None:
    names = TableNames("05111")
    assert names.code("A-B", "C") != names.code("A", "B-C")
    assert names.code("Innhold", "0-9").value == f"{ID}no/code/05111-Innhold-0-9"


def test_a_dimension_named_unit_does_not_share_its_list_with_the_units(settings: Settings, source: Path) -> None:
    text = json.dumps(table(), ensure_ascii=False).replace('"Innhold"', '"unit"')
    source.write_text(text, encoding="utf-8")
    store = store_of(run(settings, source).folder)
    assert asked(store, "SELECT ?list ?code { ?c skos:inScheme ?list ; skos:notation ?code } ORDER BY ?list ?code") == [
        ("no/code-list/05111-unit", "Andel"),
        ("no/code-list/05111-unit", "Antall"),
        ("no/code-list/05111-units", "personer"),
    ]


@pytest.mark.slow
def test_a_build_accepts_the_dataset(settings: Settings, source: Path) -> None:
    document = table(dimension__Tid__category={"index": ["2019", "2020K1"]})
    document["dimension"]["Region"]["category"] = {
        "index": ["5031", "50", "0", "EAK"],
        "label": {"5031": "Malvik", "50": "Trøndelag", "0": "Hele landet", "EAK": "Landet"},
    }
    document.update(size=[4, 2, 2], value=list(range(16)), status={"1": ":", "2": "*"})
    document["note"] = ["En note."]
    source.write_bytes(written(document))
    reading = Interpretation(
        "https://lists.example/i/1", "Tabellen teller det indikatoren spør om.", "The table counts what it asks for."
    )
    listed = IndicatorLink("https://lists.example/i/2", "https://lists.example/list")
    run(settings, source, replace(OPTIONS, interpretations=(reading,), indicators=(listed,)))
    found = sources(settings.home)
    assert found.skipped == []
    parsed = read(found.files)
    assert verdict(settings, parsed, found.files, Progress(None), parsed.quads) == []
    graphs = {quad.graph_name.value for quad in parsed.quads if quad.predicate.value.endswith("#measuresIndicator")}
    assert graphs == {f"https://w3id.org/plangraf/graph/no/{name}" for name in ("05111", "tolkninger")}


def test_the_same_file_gives_the_same_bytes(settings: Settings, source: Path, tmp_path: Path) -> None:
    first = run(settings, source).folder
    bytes_of = {path.name: path.read_bytes() for path in first.iterdir()}
    again = import_statistics(settings, [source], tmp_path / "other" / "no" / "05111", OPTIONS).folder
    assert {path.name: path.read_bytes() for path in again.iterdir()} == bytes_of
    assert set(bytes_of) == {"dataset.ttl", "structure.ttl", "observations.nt"}
    assert run(settings, source).state == "unchanged"


def test_the_time_of_an_equal_file_is_that_of_its_first_import(settings: Settings, source: Path) -> None:
    run(settings, source)
    os.utime(source, (0, 0))
    assert run(settings, source, replace(OPTIONS, retrieved=None)).state == "unchanged"


def test_a_table_that_changed_since_says_so_and_needs_consent(settings: Settings, source: Path) -> None:
    folder = run(settings, source).folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "mapping.yaml").write_text("mine: yes\n", encoding="utf-8")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    source.write_bytes(written(table(value=[1, None, 2, 3, 4, 5, 6, 7], updated="2026-02-28T07:00:00Z")))
    with pytest.raises(SettingError, match=f"The table changed since: SHA-256 {digest} was read then.*--replace"):
        run(settings, source)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert run(settings, source, replace_old=True).state == "replaced"
    assert asked(
        _description(folder),
        "SELECT ?time { ?t <http://purl.org/dc/terms/modified> ?time }",
    ) == [("2026-02-28T07:00:00Z",)]
    assert (folder / "mapping.yaml").read_text(encoding="utf-8") == "mine: yes\n"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["05111"]


def _description(folder: Path) -> Store:
    store = Store()
    store.load(path=str(folder / "dataset.ttl"), format=RdfFormat.TURTLE)
    return store


def test_the_same_file_with_other_options_needs_consent_too(settings: Settings, source: Path) -> None:
    run(settings, source)
    with pytest.raises(SettingError, match="The file is the same, but options"):
        run(settings, source, replace(OPTIONS, licence="https://example.org/licence"))


@pytest.mark.parametrize("old", [False, True], ids=["new", "replaced"])
def test_a_write_that_fails_leaves_everything_as_it_was(
    settings: Settings, source: Path, monkeypatch: pytest.MonkeyPatch, *, old: bool
) -> None:
    folder = settings.home / "data" / "no" / "05111"
    if old:
        run(settings, source)
        source.write_bytes(written(table(value=[1, 2, 3, 4, 5, 6, 7, 8])))
    before = {path.name: path.read_bytes() for path in folder.iterdir()} if old else None

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "write_texts", full)
    with pytest.raises(SettingError, match="cannot be written"):
        run(settings, source, replace_old=True)
    assert ({path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else None) == before
    assert [path.name for path in folder.parent.iterdir()] == (["05111"] if old else [])


def test_a_replacement_that_was_killed_between_its_renames_loses_nothing(settings: Settings, source: Path) -> None:
    folder = run(settings, source).folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    aside = folder.parent / ".05111.swap-x"
    aside.mkdir()
    folder.rename(aside / "old")
    assert run(settings, source).state == "unchanged"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not aside.exists()


def test_what_a_killed_import_left_is_removed_by_the_next(settings: Settings, source: Path) -> None:
    folder = run(settings, source).folder
    left = folder.parent / ".05111.swap-77tl8hx7"
    running, others = folder.parent / ".05111.swap-running1", folder.parent / ".05111-b.swap-77tl8hx7"
    for path in (left, running, others):
        (path / "new").mkdir(parents=True)
    descriptor = os.open(running / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert run(settings, source).state == "unchanged"
    os.close(descriptor)
    assert {path.name for path in folder.parent.iterdir()} == {"05111", running.name, others.name}


def test_a_defect_writes_nothing(settings: Settings, source: Path) -> None:
    source.write_bytes(written(table(value=[1, 2])))
    with pytest.raises(TableError):
        run(settings, source)
    assert not (settings.home / "data" / "no").exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"dimension__Tid__category__index": {"2019": 0, "våren": 1}},
            'dimension Tid: found "våren". Wanted a period such',
        ),
        (
            {"dimension__Tid__category__index": {"2020M01": 0, "2020-01": 1}},
            'dimension Tid: found "2020M01, 2020-01". Wanted one code for each value',
        ),
        (
            {"role": {"geo": ["Region"], "metric": ["Innhold"]}, "dimension__Tid__category__index": {"a": 0, "b": 1}},
            "dimensions: found",
        ),
        (
            {"dimension__Region__category__index": {"5001": 0, "K-5001": 1}, "dimension__Region__category__label": {}},
            'dimension Region: found "5001, K-5001". Wanted one code for each value',
        ),
    ],
)
def test_codes_that_cannot_become_terms_are_told(
    settings: Settings, source: Path, changes: dict[str, Any], expected: str
) -> None:
    document = table(**changes)
    document["dimension"]["Tid"]["category"]["label"] = {}
    source.write_bytes(written(document))
    with pytest.raises(TableError) as caught:
        run(settings, source)
    assert caught.value.problems[0].en.startswith(expected)


def test_codes_of_another_office_stay_codes(settings: Settings, source: Path) -> None:
    source.write_bytes(written(table(source="SCB")))
    store = store_of(run(settings, source).folder)
    areas = asked(store, "SELECT DISTINCT ?code { ?o sdmx-dimension:refArea/skos:notation ?code } ORDER BY ?code")
    assert areas == [("0301",), ("5001",)]
    assert not asked(store, "SELECT ?x { ?x a plan:Municipality }")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("5001", "5001/municipality/5001"),
        ("K-5001", "5001/municipality/5001"),
        ("0301", "0301/municipality/0301"),
        ("50", "no/county/50"),
        ("F_03", "no/county/03"),
        ("0", "no/country/NO"),
        ("NO", "no/country/NO"),
        ("EAK", None),
        ("030101", None),
        ("2111", None),
        ("21", None),
        ("9999", None),
        ("99", None),
    ],
)
def test_a_code_of_statistics_norway_is_an_area_or_another_grouping(code: str, expected: str | None) -> None:
    found = area_of(code)
    assert (found.iri.value.removeprefix(ID) if found else None) == expected


def test_areas_may_be_said_to_be_norwegian_or_not(settings: Settings, source: Path) -> None:
    codes = run(settings, source, replace(OPTIONS, areas="codes"))
    assert not asked(store_of(codes.folder), "SELECT ?x { ?x a plan:Municipality }")


@pytest.fixture
def listed(home: Path) -> Path:
    folder = home / "data" / "link" / "areas"
    folder.mkdir(parents=True)
    (folder / "areas.ttl").write_text(
        "".join(
            f"<{ID}{n}/municipality/{n}> a <https://w3id.org/plangraf/ontology#Municipality> .\n"
            for n in ("5001", "0301")
        ),
        encoding="utf-8",
    )
    return folder


@pytest.mark.usefixtures("listed")
def test_areas_that_a_list_describes_are_not_described_again(settings: Settings, source: Path) -> None:
    assert not asked(store_of(run(settings, source).folder), "SELECT ?x { ?x a plan:Municipality }")


@pytest.mark.usefixtures("listed")
def test_an_area_that_never_existed_is_told(settings: Settings, source: Path) -> None:
    document = table(
        dimension__Region__category={"index": ["5001", "1234"], "label": {"5001": "T", "1234": "Ingensted"}}
    )
    source.write_bytes(written(document))
    with pytest.raises(TableError, match=r'found "1234 Ingensted"\. Wanted an area that exists or existed'):
        run(settings, source)
    assert run(settings, source, replace(OPTIONS, areas="codes")).state == "written"


@pytest.mark.usefixtures("listed")
def test_a_number_that_lost_its_zero_is_told(settings: Settings, source: Path) -> None:
    document = table(dimension__Region__category={"index": ["5001", "301"], "label": {"5001": "T", "301": "Oslo"}})
    source.write_bytes(written(document))
    with pytest.raises(TableError, match=r'found "301 Oslo"\. Wanted 0301, if its zero was lost'):
        run(settings, source)


def test_an_import_knows_whether_a_list_of_areas_was_there(settings: Settings, source: Path, home: Path) -> None:
    assert not run(settings, source).areas_checked
    assert run(settings, source, replace(OPTIONS, areas="codes"), replace_old=True).areas_checked
    folder = home / "data" / "link" / "areas"
    folder.mkdir(parents=True)
    both = "".join(
        f"<{ID}{n}/municipality/{n}> a <https://w3id.org/plangraf/ontology#Municipality> .\n" for n in ("5001", "0301")
    )
    (folder / "areas.ttl").write_text(both, encoding="utf-8")
    assert run(settings, source, replace_old=True).areas_checked


def test_a_list_of_areas_in_the_data_folder_that_a_table_goes_to_is_read(
    settings: Settings, source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "my-data" / "no" / "05111"
    areas = tmp_path / "my-data" / "link" / "areas" / "areas.ttl"
    areas.parent.mkdir(parents=True)
    areas.write_text(f"<{ID}5001/municipality/5001> a <https://w3id.org/plangraf/ontology#Municipality> .\n")
    with pytest.raises(TableError, match=r'found "0301 Oslo"\. Wanted an area that exists or existed'):
        import_statistics(settings, [source], target, OPTIONS)
    assert not target.parent.exists()


def test_a_table_without_areas_gets_the_one_that_is_given(settings: Settings, source: Path) -> None:
    document = table(
        id=["Innhold", "Tid"],
        size=[2, 2],
        value=[1, 2, 3, 4],
        status={},
        role={"time": ["Tid"]},
        dimension__Region=None,
    )
    source.write_bytes(written(document))
    done = run(settings, source, replace(OPTIONS, area="0"))
    assert asked(store_of(done.folder), "SELECT DISTINCT ?a { ?o sdmx-dimension:refArea ?a }") == [("no/country/NO",)]
    with pytest.raises(SettingError, match="is not a number of a municipality or county"):
        run(settings, source, replace(OPTIONS, area="EAK"))
    source.write_bytes(written(table()))
    with pytest.raises(SettingError, match="the table has areas of its own, in the dimension Region"):
        run(settings, source, replace(OPTIONS, area="0"))


@pytest.mark.parametrize("name", ["no/Tabell", "no/a b", "5001/05111", "no/-x"])
def test_a_folder_that_a_build_would_not_read_is_refused(
    settings: Settings, source: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(SettingError, match="cannot be the folder of a national table"):
        import_statistics(settings, [source], tmp_path / name, OPTIONS)


def test_the_licence_comes_from_the_configuration_beside_the_file_or_must_be_given(
    settings: Settings, source: Path
) -> None:
    options = replace(OPTIONS, licence=None)
    with pytest.raises(SettingError, match="give --licence"):
        run(settings, source, options)
    with pytest.raises(SettingError, match="'CC BY' is not an address"):
        run(settings, source, replace(OPTIONS, licence="CC BY"))
    (source.parent / "config.json").write_text(json.dumps({"license": LICENCE}), encoding="utf-8")
    assert run(settings, source, options).state == "written"


@pytest.mark.parametrize(
    "options",
    [
        replace(OPTIONS, licence="https:/example.org"),
        replace(OPTIONS, licence="https://example.org:x\u0000/"),
        replace(OPTIONS, address="data.example/tables"),
        replace(OPTIONS, query="tables/05111 data"),
        replace(OPTIONS, indicators=(IndicatorLink("C110601", "https://example.org/list"),)),
        replace(OPTIONS, indicators=(IndicatorLink("http://metadata.un.org/sdg/C110601", "KS"),)),
        replace(OPTIONS, interpretations=(Interpretation("11.6.1", "Fordi.", "Because."),)),
    ],
)
def test_an_option_that_is_no_address_is_named_and_nothing_is_written(
    settings: Settings, source: Path, options: Options
) -> None:
    with pytest.raises(SettingError, match=r"is not an address\."):
        run(settings, source, options)
    assert not (settings.home / "data" / "no").exists() or not list((settings.home / "data" / "no").iterdir())


def fetched(source: Path, **changes: Any) -> None:
    """Writes what a fetch leaves beside its files."""
    part = {
        "file": source.name,
        "method": "POST",
        "address": "https://data.example/tables/05111/data?lang=no",
        "body": {"selection": []},
        "time": "2026-11-28T08:00:00+00:00",
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
    }
    about = {"address": "https://data.example/tables/05111", "license": LICENCE, "complete": True, "parts": [part]}
    (source.parent / "parts.json").write_text(json.dumps({**about, **changes}), encoding="utf-8")


def test_what_a_fetch_wrote_beside_its_files_is_their_provenance(settings: Settings, source: Path) -> None:
    fetched(source)
    done = run(settings, source, Options())
    assert asked(
        store_of(done.folder), "SELECT ?query ?time { ?f plan:readingQuery ?query ; prov:generatedAtTime ?time }"
    ) == [('POST https://data.example/tables/05111/data?lang=no {"selection": []}', "2026-11-28T08:00:00Z")]


def test_a_fetched_file_that_is_incomplete_or_edited_is_refused(settings: Settings, source: Path) -> None:
    fetched(source, complete=False)
    with pytest.raises(SettingError, match="the fetch is not complete"):
        run(settings, source, Options())
    fetched(source)
    source.write_bytes(written(table(label="Et annet navn")))
    with pytest.raises(SettingError, match="is not what was fetched"):
        run(settings, source, Options())


def test_imports_at_once_keep_the_interpretations_of_each_other(settings: Settings, source: Path) -> None:
    reading = Interpretation("https://lists.example/i/1", "Fordi den teller det.", "Because it counts that.")

    def import_as(name: str) -> str:
        for _ in range(3):
            run(settings, source, replace(OPTIONS, table=name, interpretations=(reading,)), replace_old=True)
        return name

    names = [f"0511{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(import_as, names)) == names
    written_files = {path.name for path in (settings.home / "data" / "no" / "tolkninger").iterdir()}
    assert written_files == {"dataset.ttl", *(f"measures-{name}.ttl" for name in names)}


def test_an_interpretation_that_is_withdrawn_is_removed(settings: Settings, source: Path) -> None:
    reading = Interpretation("https://lists.example/i/1", "Fordi den teller det.", "Because it counts that.")
    path = settings.home / "data" / "no" / "tolkninger" / "measures-05111.ttl"
    run(settings, source, replace(OPTIONS, interpretations=(reading,)))
    assert run(settings, source).state == "unchanged"
    assert path.is_file()  # nobody asked to withdraw it
    assert run(settings, source, replace_old=True).state == "unchanged"
    assert not path.exists()


def test_two_observations_with_the_same_dimensions_are_found(settings: Settings, source: Path) -> None:
    folder = run(settings, source).folder
    graph = NamedNode("https://w3id.org/plangraf/graph/no/05111")
    components = read([file for file in sources(settings.home).files if "ontology" in file.graph]).quads
    quads = {
        Quad(triple.subject, triple.predicate, triple.object, graph)
        for path in folder.iterdir()
        for triple in parse(path=str(path), format=RdfFormat.TURTLE)
    } | components
    assert key_problems(DataGraph(quads), lambda _: None) == []
    copied = NamedNode(f"{ID}no/observation/05111-copy")
    first = NamedNode(TableNames("05111").observations + "5001.Andel.2019")
    copies = {Quad(copied, quad.predicate, quad.object, graph) for quad in quads if quad.subject == first}
    assert len(copies) == 7
    (only,) = key_problems(DataGraph(quads | copies), lambda _: None)
    assert only.place.thing == first.value
    assert f"{copied.value}> among them. Keep one." in only.en


@pytest.mark.slow
def test_a_build_stops_at_two_observations_with_the_same_dimensions(settings: Settings, source: Path) -> None:
    folder = run(settings, source, replace(OPTIONS, areas="codes")).folder
    path = folder / "observations.nt"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join([*lines, *(line.replace("0301.Andel.2019>", "x>") for line in lines[:7])]), encoding="utf-8"
    )
    found = sources(settings.home)
    parsed = read(found.files)
    with pytest.raises(DataError) as caught:
        verdict(settings, parsed, found.files, Progress(None), parsed.quads)
    assert {problem.rule for problem in caught.value.problems} == {"cube-keys", "observation-file"}


def _first(text: str, predicate: str) -> str:
    """The line of the first observation with a predicate."""
    return next(line for line in text.splitlines(keepends=True) if predicate in line.split(" ")[1])


CHANGES_BY_HAND = [
    ("cube#dataSet", None, "", "IC-1"),
    ("refPeriod", None, "", "IC-11"),
    ("Innhold", None, "", "IC-11"),
    ("Innhold", "Innhold-Andel", "Innhold-Borte", "IC-19"),
    ("refPeriod", '"2019"', '"1999"', None),
    ("refPeriod", "#gYear", "#string", "period"),
    ("ns#type", None, "", "type"),
    ("obsValue", '"9"', '"99"', None),
    ("obsValue", '"9"^^<http://www.w3.org/2001/XMLSchema#decimal>', '"9"', "value"),
    ("obsValue", "\n", '\n{subject} {predicate} "77"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n', "twice"),
    ("refPeriod", "\n", '\n{subject} {predicate} "1999"^^<http://www.w3.org/2001/XMLSchema#gYear> .\n', "twice"),
    ("unitMeasure", "\n", "\n{subject} {predicate} <http://qudt.org/vocab/unit/NUM> .\n", "twice"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("predicate", "old", "new", "rule"),
    CHANGES_BY_HAND,
)
def test_a_change_by_hand_to_an_observation_stops_a_build(
    settings: Settings, source: Path, predicate: str, old: str | None, new: str, rule: str | None
) -> None:
    folder = run(settings, source, replace(OPTIONS, areas="codes")).folder
    path = folder / "observations.nt"
    text = path.read_text(encoding="utf-8")
    line = _first(text, predicate)
    subject, written_predicate = line.split(" ")[:2]
    put = new.replace("{subject}", subject).replace("{predicate}", written_predicate)
    changed = put if old is None else line.replace(old, put)
    assert changed != line
    path.write_text(text.replace(line, changed, 1), encoding="utf-8")
    found = sources(settings.home)
    parsed = read(found.files)
    with pytest.raises(DataError) as caught:
        verdict(settings, parsed, found.files, Progress(None), parsed.quads)
    told = [problem.en for problem in caught.value.problems]
    assert any("The file has changed since it was written" in one for one in told)
    assert rule is None or any(f'[rule "{rule}"' in one for one in told), told


@pytest.mark.parametrize("name", ["inScheme", "notation", "prefLabel"])
def test_a_code_of_a_table_has_a_list_a_notation_and_a_label(settings: Settings, source: Path, name: str) -> None:
    folder = run(settings, source, replace(OPTIONS, areas="codes")).folder
    quads = set(parse(path=str(folder / "structure.ttl"), format=RdfFormat.TURTLE))
    code, predicate = TableNames("05111").code("unit", "personer"), f"http://www.w3.org/2004/02/skos/core#{name}"
    store = Store()
    store.extend(quad for quad in quads if (quad.subject, quad.predicate.value) != (code, predicate))
    found = store.query((ROOT / "queries" / "checks" / "cube-structure.rq").read_text(encoding="utf-8"))
    assert isinstance(found, QuerySolutions)
    rows = {(row["thing"], row["rule"].value, row["term"].value) for row in found if row["rule"].value == "code"}
    assert rows == {(code, "code", predicate)}


def test_a_broken_line_of_observations_is_told_with_its_number(settings: Settings, source: Path) -> None:
    folder = run(settings, source).folder
    path = folder / "observations.nt"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"<x> <y .\n", *lines[4:]]))
    problems = read([file for file in sources(settings.home).files if file.path == path]).problems
    assert problems[0].place.line == 5
    shutil.rmtree(folder)
