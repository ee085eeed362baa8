"""Each kind of loss of a dataset stops the build with advice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from plangraf.store.versions import VersionStore
from small_home import make_home, plangraf, write

GRAPH = "https://w3id.org/plangraf/graph/"
OURS = GRAPH + "9999/plan"
CASE = '<https://w3id.org/plangraf/id/9999/case/{n}> a plan:Case ; plan:caseNumber "{n}/20" ; rdfs:label "x"@nb .\n'
DATASET = "<https://w3id.org/plangraf/id/9999/dataset/plan> a <http://www.w3.org/ns/dcat#Dataset> .\n"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with a home that was built with `my-data` beside it; the second is where it was built."""
    folder = tmp_path_factory.mktemp("losses") / "used"
    home = make_home(folder / "home")
    write(folder, "my-data/9999/plan/case.ttl", CASE.format(n=11))
    write(folder, "my-data/9999/plan/dataset.ttl", DATASET)
    run = plangraf("build", "--quiet", "--data", folder / "my-data", home=home)
    assert run.returncode == 0, run.stderr
    assert OURS in graphs(home)
    return shutil.copytree(folder, folder.with_name("pristine"), symlinks=True), folder


@pytest.fixture
def home(pristine: tuple[Path, Path]) -> Path:
    """A home that was built with `my_data`, where it was built: a version records the folders that it was read from."""
    unchanged, folder = pristine
    shutil.rmtree(folder)
    shutil.copytree(unchanged, folder, symlinks=True)
    return folder / "home"


@pytest.fixture
def my_data(home: Path) -> Path:
    """The data of another municipality, which the home was built with."""
    return home.with_name("my-data")


def graphs(home: Path) -> dict[str, int]:
    found: dict[str, int] = VersionStore(home / "versions").current().manifest["graphs"]
    return found


def change(home: Path) -> None:
    """Changes the home so that the next build is not up to date."""
    write(home, "data/sdg/more.ttl", '<http://metadata.un.org/sdg/11> rdfs:label "Byer"@nb .\n')


def test_a_build_without_data_reads_and_names_the_folders_of_the_last_build(home: Path, my_data: Path) -> None:
    before = VersionStore(home / "versions").current().id
    run = plangraf("build", home=home)
    assert (run.returncode, run.stdout.split()[1]) == (0, before)
    assert f"data        {my_data}, as in the last build; --drop leaves them out" in run.stderr
    assert "up to date" in run.stdout
    change(home)
    assert plangraf("build", "--quiet", home=home).returncode == 0
    assert OURS in graphs(home)
    # Nothing of it is part of the version.
    assert "my-data" not in (home / "versions" / "current" / "manifest.json").read_text(encoding="utf-8")


def test_drop_removes_the_datasets_and_is_remembered(home: Path) -> None:
    run = plangraf("build", "--quiet", "--drop", home=home)
    assert run.returncode == 0
    assert OURS not in graphs(home)
    change(home)
    assert plangraf("build", "--quiet", home=home).returncode == 0
    assert OURS not in graphs(home)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _broken_link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("nowhere"))


def _a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("", encoding="utf-8")


WAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "renamed": (lambda folder: folder.rename(folder.with_name("other")), "The last build read this folder."),
    "deleted": (shutil.rmtree, "does not exist"),
    "emptied": (_empty, "holds no dataset"),
    "a link that leads nowhere": (_broken_link, "is a link that leads nowhere"),
    "a file in its place": (_a_file, "is a file, not a folder"),
    "the municipality renamed": (lambda f: (f / "9999").rename(f / "9998"), 'has the dataset "9999/plan" with '),
    "the dataset renamed": (lambda f: (f / "9999/plan").rename(f / "9999/planer"), 'has the dataset "9999/plan" with '),
    "the dataset moved into another": (
        lambda f: shutil.move(f / "9999/plan", f / "9999/kommune/plan"),
        'has the dataset "9999/plan" with ',
    ),
    "the files renamed": (
        lambda f: [one.rename(one.with_suffix(".ttl.bak")) for one in (f / "9999/plan").iterdir()],
        'has the dataset "9999/plan" with ',
    ),
    "the files emptied": (
        lambda f: [one.write_text("", encoding="utf-8") for one in (f / "9999/plan").iterdir()],
        'has the dataset "9999/plan" with ',
    ),
    "dataset.ttl deleted": (
        lambda f: (f / "9999/plan/dataset.ttl").unlink(),
        'has the description of the dataset "9999/plan"',
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("way", WAYS)
def test_each_kind_of_loss_stops_the_build_and_leaves_the_version(home: Path, my_data: Path, way: str) -> None:
    lose, said = WAYS[way]
    before = VersionStore(home / "versions").current().id
    write(my_data, "9999/kommune/case.ttl", CASE.format(n=12))
    write(my_data, "9999/kommune/dataset.ttl", DATASET.replace("dataset/plan", "dataset/kommune"))
    lose(my_data)
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 1, run.stderr
    assert said in run.stderr
    assert "--drop" in run.stderr
    assert "Traceback" not in run.stderr
    assert VersionStore(home / "versions").current().id == before


@pytest.mark.slow
@pytest.mark.parametrize("how", ["option", "variable"])
def test_another_data_folder_stops_the_build_too(home: Path, my_data: Path, tmp_path: Path, how: str) -> None:
    write(tmp_path, "other/9998/plan/case.ttl", CASE.format(n=13).replace("9999", "9998"))
    other = tmp_path / "other"
    if how == "option":
        run = plangraf("build", "--quiet", "--data", other, home=home)
    else:
        run = plangraf("build", "--quiet", home=home, PLANGRAF_DATA=str(other))
    assert run.returncode == 1
    assert 'has the dataset "9999/plan" with 4 statements, and the files do not.' in run.stderr
    both = plangraf("build", "--quiet", "--data", other, "--data", my_data, home=home)
    assert both.returncode == 0, both.stderr
    assert {OURS, GRAPH + "9998/plan"} <= graphs(home).keys()
    assert plangraf("build", "--quiet", "--data", other, "--drop", home=home).returncode == 0
    assert OURS not in graphs(home)


def test_the_loss_of_a_dataset_of_the_home_stops_the_build_too(home: Path) -> None:
    shutil.rmtree(home / "data" / "5001" / "planstrategi")
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 1
    assert 'has the dataset "5001/planstrategi" with 6 statements' in run.stderr


def test_switching_back_names_the_lost_datasets_and_the_next_build_restores_them(home: Path, my_data: Path) -> None:
    with_data = VersionStore(home / "versions").current().id
    assert plangraf("build", "--quiet", "--drop", home=home).returncode == 0
    without = VersionStore(home / "versions").current().id
    run = plangraf("build", "--quiet", "--data", my_data, home=home)
    assert run.stdout.split()[1] == with_data
    run = plangraf("versions", "use", without, home=home)
    assert run.returncode == 0
    assert f"en  Datasets that {without} does not have (statements): 9999/plan (4)." in run.stderr
    assert f"plangraf versions use {with_data}" in run.stderr
    change(home)
    assert plangraf("build", "--quiet", home=home).returncode == 0
    assert OURS in graphs(home)


def test_an_up_to_date_build_drops_nothing_either(home: Path) -> None:
    with_data = VersionStore(home / "versions").current().id
    assert plangraf("build", "--quiet", "--drop", home=home).returncode == 0
    assert plangraf("versions", "use", with_data, home=home).returncode == 0
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 1
    assert 'has the dataset "9999/plan"' in run.stderr
    assert VersionStore(home / "versions").current().id == with_data


def test_an_inputs_file_of_an_earlier_release_is_read(home: Path) -> None:
    file = home / "versions" / "inputs.json"
    known = json.loads(file.read_bytes())
    del known["data"]
    file.write_text(json.dumps(known), encoding="utf-8")
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 1
    assert 'has the dataset "9999/plan" with 4 statements' in run.stderr
