"""A build after random changes takes the datasets that did not change, and writes the bytes of a build of all files."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest

from plangraf.checks import kept_results
from plangraf.diagnostics.diagnostic import DataError
from plangraf.diagnostics.progress import Progress
from plangraf.publish import known_datasets, pipeline
from plangraf.settings import Settings
from plangraf.sources.files import SourceFile
from small_home import make_home, write

AREAS = ("5001", "5006", "0301")
_SEEDS = (1, 2, 3)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = make_home(tmp_path / "home")
    chance = Random(7)
    for area in AREAS:
        for name in ("a", "b"):
            write(folder, f"data/{area}/kommune/{name}.ttl", cases(area, name, chance))
    return folder


def cases(area: str, name: str, chance: Random) -> str:
    """Cases with random numbers; a thing may stand in two files and in two datasets.

    A shape warns of a missing name, and a number that two cases have stops a build.
    """
    found = []
    for number in sorted(chance.sample(range(1, 12), 3)):
        iri = f"https://w3id.org/plangraf/id/{area}/case/{number}"
        shared = "https://w3id.org/plangraf/id/5001/case/bystyret-68-19"
        label = f' ; rdfs:label "Sak {chance.randint(1, 99)}"@nb' if chance.random() < 0.7 else ""
        digits = chance.randint(1, 999)
        found.append(f'<{iri}-{name}> a plan:Case ; plan:caseNumber "{digits}/20"{label} .\n')
        found.append(f"<{shared}> rdfs:seeAlso <{iri}-{name}> .\n")
    return "".join(found)


def build(home: Path, versions: str = "versions", *, force: bool = False) -> tuple[pipeline.Built, str]:
    said = io.StringIO()
    settings = Settings(home=home, versions=home / versions)
    return pipeline.build(settings, force=force, drop=True, progress=Progress(said)), said.getvalue()


def content(folder: Path) -> Mapping[str, bytes]:
    """All files but those of the search index, in which the library writes random names, and the removed subjects."""
    files = [path for path in folder.rglob("*") if path.is_file() and "search" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "removed.json"}


def outcome(home: Path, versions: str) -> object:
    """The problems of a build, and the bytes of the version unless it stops."""
    try:
        built, _ = build(home, versions)
    except DataError as error:
        return error.problems
    return list(built.problems), content(built.version.path)


def change(home: Path, chance: Random) -> str:
    """One random change of the data; returns what it was."""
    files = sorted((home / "data").glob("*/*/*.ttl"))
    kind = chance.choice(("add", "remove", "change", "rename", "move", "rename the dataset", "change the ontology"))
    path = chance.choice([path for path in files if path.parent.name == "kommune"] or files)
    area = path.parent.parent.name
    if kind == "add":
        write(home, f"data/{area}/nytt-{chance.randint(1, 3)}/a.ttl", cases(area, "a", chance))
    elif kind == "remove":
        path.unlink()
    elif kind == "change":
        write(home, str(path.relative_to(home)), cases(area, path.stem[0], chance))
    elif kind == "rename":
        path.rename(path.with_name(f"b{chance.randint(1, 9)}.ttl"))
    elif kind == "move":
        target = home / "data" / chance.choice(AREAS) / "kommune"
        target.mkdir(parents=True, exist_ok=True)
        path.rename(target / f"{path.stem[0]}-{chance.randint(1, 9)}.ttl")
    elif kind == "rename the dataset":
        path.parent.rename(path.parent.with_name(f"kommune-{chance.randint(1, 999)}"))
    else:
        write(home, "ontology/more.ttl", f"plan:Case rdfs:seeAlso <https://w3id.org/plangraf/id/{chance.random()}> .\n")
    return kind


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.slow] if seed > 1 else []) for seed in _SEEDS])
def test_a_build_after_random_changes_writes_the_bytes_of_a_full_build(
    home: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The data are so few that each change concerns a large share of them.
    monkeypatch.setattr(kept_results, "_SHARE", 2)
    chance = Random(seed)
    build(home)
    for number in range(5):
        kinds = [change(home, chance) for _ in range(chance.randint(1, 2))]
        assert outcome(home, "versions") == outcome(home, f"full-{number}"), kinds


def test_only_the_changed_dataset_is_parsed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(home)
    write(home, "data/0301/kommune/a.ttl", cases("0301", "a", Random(99)))
    parsed: list[str] = []
    read = known_datasets.read
    monkeypatch.setattr(known_datasets, "read", lambda files: parsed.extend(file.name for file in files) or read(files))
    _, said = build(home)
    assert {name for name in parsed if name.startswith("data/")} == {
        "data/0301/kommune/a.ttl",
        "data/0301/kommune/b.ttl",
    }
    assert "4 of 5 datasets as before" in said


def test_only_what_a_change_concerns_is_validated_and_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_results, "_SHARE", 2)
    first, _ = build(home)
    thing = "https://w3id.org/plangraf/id/0301/case/1-a"
    write(home, "data/0301/nytt/a.ttl", f'<{thing}> a plan:Case ; plan:caseNumber "1/99" .\n')
    second, said = build(home)
    assert "2 things that the change concerns" in said  # with the class
    assert "1 about what the change concerns" in said.partition("checks ")[2].partition("\n")[0]
    assert len(second.problems) == len(first.problems) + 1
    write(home, "data/0301/nytt/a.ttl", f'<{thing}> a plan:Case ; plan:caseNumber "1/99" ; rdfs:label "A"@nb .\n')
    third, said = build(home)
    assert "1 as before" in said.partition("checks ")[2].partition("\n")[0]
    assert third.problems == first.problems


def test_all_is_validated_when_a_shape_changes(home: Path) -> None:
    build(home)
    shapes = home / "shapes" / "case.ttl"
    text, name = shapes.read_text(encoding="utf-8"), "sh:path rdfs:label ;\n    sh:minCount"
    assert text.count(name) == 1
    shapes.write_text(text.replace(f"{name} 1", f"{name} 9"), encoding="utf-8")
    built, said = build(home)
    assert "concerns" not in said
    assert content(built.version.path) == content(build(home, "full")[0].version.path)


def test_the_terms_of_known_datasets_are_checked_again_when_the_ontology_changes(home: Path) -> None:
    build(home)
    ontology = home / "ontology" / "ontology.ttl"
    ontology.write_text(ontology.read_text(encoding="utf-8").replace("caseNumber", "numberOfCase"), encoding="utf-8")
    shapes = home / "shapes" / "case.ttl"
    shapes.write_text(shapes.read_text(encoding="utf-8").replace("caseNumber", "numberOfCase"), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        build(home)
    assert {problem.place.file for problem in caught.value.problems} >= {"data/0301/kommune/a.ttl"}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def change_a_byte(path: Path) -> None:
    found = bytearray(path.read_bytes())
    found[len(found) // 2] ^= 1
    path.write_bytes(found)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("damage", [cut, empty, change_a_byte, Path.unlink])
def test_a_damaged_dataset_is_read_again(home: Path, damage: Callable[[Path], None]) -> None:
    before = content(build(home)[0].version.path)
    for path in (home / "versions" / "known").glob("*.zst"):
        damage(path)
    (home / "versions" / "inputs.json").unlink()
    after, said = build(home)
    assert "as before" not in said
    assert content(after.version.path) == before


def test_the_folder_may_be_deleted(home: Path) -> None:
    before = content(build(home)[0].version.path)
    shutil.rmtree(home / "versions" / "known")
    (home / "versions" / "inputs.json").unlink()
    assert content(build(home)[0].version.path) == before


def test_a_dataset_with_a_problem_is_read_each_time(home: Path) -> None:
    write(
        home,
        "data/0301/kommune/a.ttl",
        '<https://w3id.org/plangraf/id/0301/case/1> plan:caseNumber "01"^^xsd:integer .',
    )
    for _ in range(2):
        with pytest.raises(DataError, match="canonical"):
            build(home)


def test_a_file_that_changes_while_it_is_read_is_not_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = known_datasets.read

    def edited(files: list[SourceFile]) -> object:
        if files[0].name.startswith("data/0301"):
            write(home, "data/0301/kommune/a.ttl", cases("0301", "a", Random(5)))
        return read(files)

    with monkeypatch.context() as patched:
        patched.setattr(known_datasets, "read", edited)
        build(home)
    write(home, "data/0301/kommune/a.ttl", cases("0301", "a", Random(5)))
    after = content(build(home)[0].version.path)
    assert after == content(build(home, "full")[0].version.path)
