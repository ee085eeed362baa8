"""The way of a link: a mapping that is right, a folder that is replaced as a whole, and the same bytes each time."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import yaml
from small_lists import ASCII, DAY, MAPPING, PREFIXES, QUERY, ROOT, link_text, mapping_file, settings, values

from forked_python import run_command
from plangraf.errors import ListError
from plangraf.sources.lists.linking import link
from plangraf.store import atomic

ONE = "<https://lists.example/1> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.6 ."
TWO = f"{ONE} <https://lists.example/2> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.7 ."


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_command(*arguments, cwd=folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_list_gives_the_same_bytes_whatever_the_order_and_the_day(tmp_path: Path) -> None:
    done = link_text(tmp_path, TWO)
    before = contents(done.folder)
    again = link(settings(), mapping_file(tmp_path), [str(tmp_path / "list.ttl")], today=date(2027, 1, 1))
    assert again.unchanged
    assert contents(again.folder) == before
    first, second = TWO.split(" .", 1)
    (tmp_path / "other").mkdir()
    other = link_text(tmp_path / "other", f"{second}\n{first} .")
    assert contents(other.folder)["indicators.ttl"] == before["indicators.ttl"]


def test_a_list_that_changed_gets_its_own_day_and_says_what_is_new_and_gone(tmp_path: Path) -> None:
    link_text(tmp_path, TWO)
    (tmp_path / "list.ttl").write_text(f"{PREFIXES}{ONE} <https://lists.example/3> a sdgo:Indicator .")
    done = link(settings(), mapping_file(tmp_path), [str(tmp_path / "list.ttl")], today=date(2027, 1, 1))
    assert (done.earlier, done.added, done.removed, done.unchanged) == (DAY, 1, 1, False)
    assert values(done.folder, ASCII, "plan:retrievedOn")[0].startswith('"2027-01-01"')


def test_a_pinned_list_is_refused_when_it_changed(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"the mapping accepts only 0{64}\. The list has changed"):
        link_text(tmp_path, ONE, sha256="0" * 64)


def test_files_of_the_folder_that_a_link_does_not_write_are_kept_and_old_ones_of_its_own_are_not(
    tmp_path: Path,
) -> None:
    folder = mapping_file(tmp_path).parent
    (folder / "notater.md").write_text("Våre notater", encoding="utf-8")
    (folder / "areas.ttl").write_text("# of an earlier link\n")
    link_text(tmp_path, ONE)
    assert set(contents(folder)) == {"dataset.ttl", "indicators.ttl", "list.yaml", "notater.md"}
    assert [path.name for path in folder.parent.iterdir()] == ["maaling"]


def test_a_folder_is_as_it_was_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = link_text(tmp_path, ONE)
    before = contents(done.folder)

    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(atomic, "sync_folder", full)
    with pytest.raises(ListError, match=r"cannot be written \(No space left on device\).* is as it was"):
        link_text(tmp_path, TWO)
    assert contents(done.folder) == before
    assert [path.name for path in done.folder.parent.iterdir()] == ["maaling"]


def test_a_folder_keeps_the_list_that_its_mapping_is_for(tmp_path: Path) -> None:
    folder = link_text(tmp_path, ONE).folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (tmp_path / "other").mkdir()
    other = mapping_file(tmp_path / "other", list="https://lists.example/other")
    with pytest.raises(ListError, match=r"holds another list, https://lists.example/måling\. Give the mapping"):
        link(settings(), other, [str(tmp_path / "list.ttl")], folder, today=DAY)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_link_to_a_folder_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "maaling").symlink_to(real, target_is_directory=True)
    for text in (ONE, ONE.replace("11.6", "11.7")):
        done = link_text(tmp_path, text)
        assert (tmp_path / "link" / "maaling").is_symlink()
        assert {path.name for path in real.iterdir()} == {"dataset.ttl", "indicators.ttl", "list.yaml"}
        assert not done.unchanged
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "link", "list.ttl"]


@pytest.mark.slow
def test_links_into_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    path = mapping_file(tmp_path)
    sources = []
    for number in range(3):
        sources.append(tmp_path / f"{number}.ttl")
        sources[-1].write_text(f"{PREFIXES}{ONE}".replace("11.6", f"11.{number + 1}"), encoding="utf-8")

    def run(source: Path) -> None:
        for _ in range(20):
            link(settings(), path, [str(source)], today=DAY)

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(run, sources)) == [None] * 3
    assert sorted(file.name for file in path.parent.parent.iterdir()) == ["maaling"]


def test_the_same_command_puts_back_a_folder_whose_replacement_a_crash_broke_off(tmp_path: Path) -> None:
    done = link_text(tmp_path, ONE)
    before = contents(done.folder)
    (done.folder.parent / ".maaling.swap-x").mkdir()
    done.folder.rename(done.folder.parent / ".maaling.swap-x" / "old")
    again = link(settings(), done.folder / "list.yaml", [str(tmp_path / "list.ttl")], today=date(2027, 1, 1))
    assert again.unchanged
    assert contents(done.folder) == before
    assert [path.name for path in done.folder.parent.iterdir()] == ["maaling"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slug": "Måling"}, "slug: String should match pattern"),
        ({"kind": "series"}, "kind: Input should be"),
        ({"list": "lists.example"}, 'list "lists.example" is not an IRI'),
        ({"licence": "x"}, "licence: Extra inputs are not permitted"),
        ({"label": []}, "label is needed: the texts of a list stay with its publisher"),
        ({"iri": "https://lists.example/"}, "iri is to hold {key}"),
        ({"read": {"format": "turtle"}}, "read.query is needed for Turtle"),
        ({"read": {"format": "csv"}}, "read.columns is needed for a table"),
        ({"read": {"format": "csv", "columns": {"target": "A"}}}, "read.columns needs `thing`"),
        (
            {"read": {"format": "csv", "columns": {"thing": "A", "title": "B"}}},
            "read.columns names title; known: code, goal, indicator, number, source, target, thing",
        ),
        ({"kind": "areas"}, "areas are read from Klass"),
        ({"read": {"format": "turtle", "query": "SELECT ?thing WHERE { ?thing a"}}, "read.query: "),
        ({"read": {"format": "turtle", "query": "ASK { ?s ?p ?o }"}}, "Write a SELECT query"),
        (
            {
                "read": {
                    "format": "turtle",
                    "query": "SELECT ?thing { SERVICE <http://lists.example/> { ?thing a ?b } }",
                }
            },
            "read.query: .*SERVICE",
        ),
        ({"read": {"format": "turtle", "query": "SELECT ?title { ?thing ?p ?title }"}}, "Select \\?thing and any of"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_named_with_its_field(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ListError, match=message):
        link_text(tmp_path, ONE, **changes)


def test_a_mapping_that_is_no_yaml_or_not_there_is_told(tmp_path: Path) -> None:
    path = mapping_file(tmp_path)
    path.write_text("slug: [", encoding="utf-8")
    with pytest.raises(ListError, match="is not YAML"):
        link(settings(), path, ["x"], today=DAY)
    with pytest.raises(ListError, match="cannot be read"):
        link(settings(), tmp_path / "none.yaml", ["x"], today=DAY)


def test_a_folder_of_another_name_and_a_second_file_are_refused(tmp_path: Path) -> None:
    path = mapping_file(tmp_path)
    with pytest.raises(ListError, match="is not named as the mapping's slug, maaling"):
        link(settings(), path, ["x"], tmp_path / "other", today=DAY)
    (tmp_path / "list.ttl").write_text(PREFIXES + ONE)
    with pytest.raises(ListError, match="is read from one file or address; 2 are given"):
        link(settings(), path, [str(tmp_path / "list.ttl")] * 2, today=DAY)


@pytest.mark.slow
def test_the_command_writes_datasets_that_pass_the_checks_of_a_build(tmp_path: Path) -> None:
    data = tmp_path / "data"
    mapping = mapping_file(data)
    (tmp_path / "list.ttl").write_text(
        PREFIXES
        + """<https://lists.example/måling/1> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.6 ; skos:notation "C110601" ;
    dct:title "['11.6.1 Avfall på øya']"@en ; dcterms:source "https://tall.example/1" .
<https://lists.example/måling/2> a sdgo:Indicator ; sdgo:hasGoal sdg:9 .""",
        encoding="utf-8",
    )
    (tmp_path / "codes.json").write_text(
        '{"codes": [{"code": "5030", "name": "Klæbu", "validFrom": "2018-01-01", "validTo": "2020-01-01"},'
        ' {"code": "5001", "name": "Trondheim", "validFrom": "2018-01-01"},'
        ' {"code": "50", "name": "Trøndelag", "validFrom": "2018-01-01"}],'
        ' "codeChanges": [{"oldCode": "5030", "newCode": "5001", "changeOccurred": "2020-01-01"}]}',
        encoding="utf-8",
    )
    klass: dict[str, object] = {"kind": "areas", "label": [], "read": {"format": "klass"}}
    areas = mapping_file(data, slug="omraader", list="https://lists.example/131", **klass)
    linked = [run(tmp_path, "link", mapping, "list.ttl"), run(tmp_path, "link", areas, "codes.json")]
    assert [done.returncode for done in linked] == [0, 0], [done.stderr for done in linked]
    assert "     1  nb  Koblinger til indikatorer som FN har gitt opp, ført til etterfølgeren" in linked[0].stdout
    assert "1: C110601 → C110603" in linked[0].stdout
    assert "     2  municipalities" in linked[1].stdout
    checked = run(tmp_path, "validate", data / "link" / "maaling", data / "link" / "omraader")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_command_says_what_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    mapping = mapping_file(tmp_path, read={"format": "turtle", "query": QUERY})
    (tmp_path / "page.html").write_text("<!doctype html><p>Ikke her")
    done = run(tmp_path, "link", mapping, "page.html")
    assert done.returncode == 1
    assert done.stderr == (
        "plangraf: page.html is an HTML page, not the list. Open it in a browser and find the address of the file.\n"
    )


@pytest.mark.parametrize("slug", ["un-sdg-kos", "norske-malepunkter", "u4ssc", "ks-un-indicators"])
def test_a_shipped_mapping_is_the_one_that_its_dataset_was_written_by(slug: str) -> None:
    folder = ROOT / "data" / "link" / slug
    mapping = yaml.safe_load((folder / "list.yaml").read_text(encoding="utf-8"))
    iri = mapping["list"].replace("å", "%C3%A5")
    (query,) = values(folder, iri, "plan:readingQuery")
    escaped = mapping["read"]["query"].strip().replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert query == f'"{escaped}"'
    assert mapping["slug"] == slug
    assert set(MAPPING) - set(mapping) == ({"label"} if slug == "un-sdg-kos" else set())
