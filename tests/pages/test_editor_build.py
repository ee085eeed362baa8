"""The build of the query editor and the graph of neighbours: its lock, and its one line when it cannot run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from plangraf.pages.built_scripts import BUILT

ROOT = Path(__file__).resolve().parents[2]
EDITOR = BUILT.parent / "editor"
LOCK = json.loads((EDITOR / "package-lock.json").read_text())
PACKAGE = json.loads((EDITOR / "package.json").read_text())


def test_the_lock_has_names_versions_and_hashes_and_no_address() -> None:
    packages = {name: one for name, one in LOCK["packages"].items() if name}
    assert len(packages) > 10
    for name, one in packages.items():
        assert one["version"], name
        assert one["integrity"].startswith("sha512-"), name
        assert "resolved" not in one, name
    assert "://" not in json.dumps(LOCK)


def test_the_lock_has_exactly_the_versions_that_are_asked_for() -> None:
    for name, version in {**PACKAGE["dependencies"], **PACKAGE["devDependencies"]}.items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_each_package_has_a_licence_that_allows_to_pass_it_on() -> None:
    assert {one["license"] for name, one in LOCK["packages"].items() if name} == {"MIT"}


def test_a_build_that_cannot_run_says_so_in_one_line(tmp_path: Path) -> None:
    own = tmp_path / EDITOR.relative_to(ROOT)
    shutil.copytree(EDITOR, own)
    run = subprocess.run(
        ["sh", str(own / "build.sh"), "/nowhere/python"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "The query editor and the graph of neighbours were not built (.editor/build.log says why): "
        "/sparql has a plain form, and pictures stay as they are drawn.\n"
    )
    assert "/nowhere/python" in (tmp_path / ".editor" / "build.log").read_text()
    assert not (tmp_path / BUILT.relative_to(ROOT)).exists()
