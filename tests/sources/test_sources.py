"""Every file in a data folder is read or reported."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from plangraf.errors import SettingError
from plangraf.sources.files import SourceFile, inputs_digest, source_files, sources
from plangraf.sources.turtle import read
from small_home import make_home, plangraf, write

GRAPH = "https://w3id.org/plangraf/graph/"
ID = "https://w3id.org/plangraf/id"
CASE = f"<{ID}/9999/case/1> a <https://w3id.org/plangraf/ontology#Case> .\n"
DATASET = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n" + f"<{ID}/9999/dataset/plan> a dcat:Dataset .\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "my-data" / "9999" / "plan"
    folder.mkdir(parents=True)
    (folder / "case.ttl").write_text(CASE, encoding="utf-8")
    return tmp_path / "my-data"


def skipped(home: Path, data: Path) -> list[tuple[str, str, str]]:
    """Path below the data folder, severity and English text of each file that is not read."""
    return [
        (str(one.path.relative_to(data)), one.problem.severity, one.problem.en) for one in sources(home, [data]).skipped
    ]


@pytest.mark.parametrize("name", ["B.TTL", "b.Ttl", "b.turtle", "b.nt", "b (kopi).ttl", "æ.ttl"])
def test_turtle_is_read_with_any_known_ending(home: Path, data: Path, name: str) -> None:
    (data / "9999" / "plan" / name).write_text(CASE, encoding="utf-8")
    assert [file.path.name for file in source_files(home, [data]) if "9999" in file.graph] == sorted(["case.ttl", name])
    assert skipped(home, data) == []


@pytest.mark.parametrize(
    ("name", "severity", "said"),
    [
        ("9999/plan/b.trig", "Violation", "ends in .trig is not read. Write its content as Turtle"),
        ("9999/plan/b.NQ", "Violation", "ends in .NQ is not read"),
        ("9999/plan/b.jsonld", "Violation", "ends in .jsonld is not read"),
        ("9999/plan/b.rdf", "Violation", "ends in .rdf is not read"),
        ("9999/plan/b.ttl.gz", "Violation", "ends in .gz is not read"),
        ("9999/plan/b.txt", "Violation", "holds Turtle but ends in"),
        ("9999/plan/b", "Violation", "holds Turtle but ends in"),
        ("9999/plan/old/b.ttl", "Violation", "lies too deep and is not read"),
        ("9999/plan/a/b/c.ttl", "Violation", "lies too deep and is not read"),
        ("9999/b.ttl", "Violation", "does not lie in a dataset's folder"),
        ("b.ttl", "Violation", "does not lie in a dataset's folder"),
        ("Trondheim/plan/b.ttl", "Violation", "is not a municipality number"),
        ("999/plan/b.ttl", "Violation", "is not a municipality number"),
        (
            "9999/plan strategi/b.ttl",
            "Violation",
            'cannot be part of an IRI, and its files are not read. Call it "plan-',
        ),
        ("9999/økonomi/b.ttl", "Violation", 'Call it "oekonomi"'),
        ("9999/plan#2/b.ttl", "Violation", 'Call it "plan-2"'),
        ("9999/100%/b.ttl", "Violation", 'Call it "100"'),
        ("9999/%20/b.ttl", "Violation", 'Call it "20"'),
        ("9999/plan/.b.ttl", "Info", "hidden or a backup"),
        ("9999/plan/b.ttl~", "Info", "hidden or a backup"),
        ("9999/plan/b.ttl.bak", "Info", "hidden or a backup"),
        ("9999/plan/.b.ttl.swp", "Info", "hidden or a backup"),
        ("9999/plan/~$b.ttl", "Info", "hidden or a backup"),
        ("9999/plan/plan.xlsx", "Info", "Read it in with `plangraf import-sheet`"),
        ("9999/plan/Plan.CSV", "Info", "Read it in with `plangraf import-sheet`"),
    ],
)
def test_a_file_that_looks_like_data_and_is_not_read_is_reported(
    home: Path, data: Path, name: str, severity: str, said: str
) -> None:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# mine\n@prefix x: <http://example.org/> .\n" + CASE, encoding="utf-8")
    before = inputs_digest(home, sources(home))
    assert [file.path.name for file in source_files(home, [data]) if "9999" in file.graph] == ["case.ttl"]
    (found,) = skipped(home, data)
    assert found[1] == severity
    assert said in found[2]
    assert data.joinpath(found[0]) in (path, *path.parents)
    # A build that was done before the file came is not up to date.
    assert inputs_digest(home, sources(home, [data])) != before


@pytest.mark.parametrize(
    "name", [".DS_Store", "._case.ttl", "README.md", "strategi.txt", "inventory.tsv", ".git/x.ttl"]
)
def test_files_of_other_kinds_are_allowed_beside_the_data(home: Path, data: Path, name: str) -> None:
    path = data / "9999" / "plan" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"Planstrategi for Fjellvik\n@home")
    assert skipped(home, data) == []


def test_a_folder_name_that_no_iri_can_have_stops_a_build_with_one_line_and_no_traceback(
    home: Path, tmp_path: Path
) -> None:
    write(tmp_path / "my data æ", "9999/plan strategi/case.ttl", CASE)
    run = plangraf("build", "--quiet", "--data", tmp_path / "my data æ", home=home)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert 'en  Error: The folder name "plan strategi" cannot be part of an IRI' in run.stderr


def test_one_dataset_in_two_data_folders_stops_and_the_same_folder_twice_does_not(
    home: Path, data: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "9999" / "plan"
    other.mkdir(parents=True)
    (other / "more.ttl").write_text(CASE, encoding="utf-8")
    (found,) = sources(home, [data, tmp_path / "other"]).skipped
    assert found.problem.en.startswith("The dataset 9999/plan lies in ")
    (tmp_path / "link").symlink_to(data)
    once = sources(home, [data])
    for again in ([data, data], [data, tmp_path / "link"], [data, data / ".." / "my-data"]):
        assert sources(home, again) == once
    assert sources(home, [home / "data"]) == sources(home)


def test_a_dangling_link_is_reported(home: Path, data: Path, tmp_path: Path) -> None:
    (data / "9999" / "plan" / "gone.ttl").symlink_to(tmp_path / "nowhere.ttl")
    run = plangraf("build", "--quiet", "--data", data, home=home)
    assert run.returncode == 1
    assert "gone.ttl\n  nb  Feil: Filen kan ikke leses" in run.stderr
    (tmp_path / "folder").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SettingError, match="is a link that leads nowhere"):
        sources(home, [tmp_path / "folder"])


def test_a_folder_one_level_too_deep_is_reported_with_the_right_one(home: Path, data: Path) -> None:
    for wrong in (data / "9999", data / "9999" / "plan"):
        with pytest.raises(SettingError, match=f"Did you mean {data}\\? Put Turtle files into"):
            sources(home, [wrong])


# The bytes


def problems(folder: Path, content: bytes) -> list[tuple[int | None, str]]:
    path = folder / "own.ttl"
    path.write_bytes(content)
    return [(one.place.line, one.en) for one in read([SourceFile(path, "own.ttl", GRAPH + "9999/plan")]).problems]


def test_a_byte_order_mark_and_line_ends_of_other_systems_are_read(tmp_path: Path) -> None:
    plain = f"{CASE}\n<{ID}/9999/case/2> <http://example.org/a> 01 .\n"
    for content in (
        b"\xef\xbb\xbf" + plain.encode(),
        plain.replace("\n", "\r\n").encode(),
        plain.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + plain.replace("\n", "\r").encode(),
    ):
        assert [line for line, _ in problems(tmp_path, content)] == [3]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (CASE.encode("utf-16"), None, "is written in UTF-16. Save it as UTF-8."),
        (CASE.encode("utf-16-le"), None, "is written in UTF-16. Save it as UTF-8."),
        (CASE.encode("utf-16-be"), None, "is written in UTF-16. Save it as UTF-8."),
        (CASE.encode("utf-32"), None, "is written in UTF-32. Save it as UTF-8."),
        (f'{CASE}<a:b> <a:c> "Kjøre" .'.encode("cp1252"), 2, 'read as Windows-1252 it says "<a:b> <a:c> "Kjøre" ."'),
        (b"PK\x03\x04rest", None, "is not Turtle but zip (XLSX, DOCX, ODS)."),
        (gzip.compress(CASE.encode(), mtime=0), None, "is not Turtle but gzip."),
        (b"%PDF-1.7", None, "is not Turtle but PDF."),
        (b'<?xml version="1.0"?><rdf:RDF/>', None, "is not Turtle but XML (RDF/XML, HTML)."),
        (b'{"@context": {}}', None, "is not Turtle but JSON-LD/TriG."),
        (b'[{"@id": "x"}]', None, "is not Turtle but JSON-LD/TriG."),
        (f"{CASE}<<<<<<< HEAD\n{CASE}=======\n".encode(), 2, "marks of a merge in git"),
        (b"", None, "The file is empty."),
        (b" \r\n\t", None, "The file is empty."),
        (b"# nothing yet\n", None, "The file is empty."),
        (b"\xef\xbb\xbf", None, "The file is empty."),
        (b"@prefix a: <http://example.org/> .\n", None, "has prefixes but not a single statement"),
    ],
)
def test_an_unreadable_file_gives_one_clear_line(tmp_path: Path, content: bytes, line: int | None, said: str) -> None:
    ((found, message),) = problems(tmp_path, content)
    assert found == line
    assert said in message


# Whether a dataset describes itself


def test_a_dataset_described_twice_stops_the_build_and_an_undescribed_one_is_reported(
    home: Path, data: Path, tmp_path: Path
) -> None:
    (data / "9999" / "plan" / "dataset.ttl").write_text(DATASET, encoding="utf-8")
    case = CASE.replace("case/1> a", 'case/1> <https://w3id.org/plangraf/ontology#caseNumber> "1/20" ; a')
    (data / "9999" / "plan" / "case.ttl").write_text(case, encoding="utf-8")
    (data / "9999" / "kopi").mkdir()
    (data / "9999" / "kopi" / "dataset.ttl").write_text(DATASET, encoding="utf-8")
    run = plangraf("build", "--quiet", "--data", data, home=home)
    assert run.returncode == 1
    assert "is described in several folders: 9999/kopi, 9999/plan." in run.stderr
    (data / "9999" / "kopi" / "dataset.ttl").write_text(CASE.replace("case/1", "case/2"), encoding="utf-8")
    run = plangraf("validate", "--quiet", data / "9999" / "kopi", home=home)
    assert "No file of the folder describes the dataset (dcat:Dataset)" in run.stdout
    run = plangraf("validate", "--quiet", data / "9999" / "plan", home=home)
    assert run.returncode == 0
    assert "No file of the folder describes" not in run.stdout


def test_a_dataset_that_a_crash_took_out_of_its_folder_is_reported(home: Path, data: Path) -> None:
    (data / "9999" / ".plan.swap-x").mkdir()
    (data / "9999" / "plan").rename(data / "9999" / ".plan.swap-x" / "old")
    assert skipped(home, data) == [
        (
            "9999/plan",
            "Violation",
            "A replacement of the folder broke off, and the old one lies in a hidden folder beside it. Run the same "
            "command again: it puts the folder back.",
        )
    ]
