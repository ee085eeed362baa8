"""A wheel of this tree, installed elsewhere, builds and serves as the checkout does.

These are the Dockerfile's steps: wheel, install, build into a folder of its own, serve without building.
The environment sees the third-party packages of the test run; plangraf itself comes from the wheel alone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(folder), str(ROOT)],
        check=True, timeout=600,
    )  # fmt: skip
    (wheel,) = folder.glob("plangraf-*.whl")
    home = folder / "environment"
    venv.create(home, with_pip=False)
    site = next((home / "lib").glob("python*/site-packages"))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)],
        check=True,
        timeout=600,
    )
    (site / "third-party.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return home


def test_the_installed_wheel_builds_the_same_version_and_serves_it(installed: Path, built: Path) -> None:
    work = installed.parent / "work"
    work.mkdir()
    python = str(installed / "bin" / "python")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PLANGRAF_")}

    where = subprocess.run(
        [python, "-c", "import plangraf; print(plangraf.__file__)"],
        capture_output=True, text=True, check=True, cwd=work, env=environment,
    )  # fmt: skip
    assert str(installed) in where.stdout
    subprocess.run([python, "-m", "plangraf.cli", "build"], check=True, timeout=900, cwd=work, env=environment)
    manifest = json.loads((work / "versions" / "current" / "manifest.json").read_text())
    expected = json.loads((built / "current" / "manifest.json").read_text())
    assert manifest == expected

    process = subprocess.Popen(
        [python, "-m", "plangraf.cli", "serve", "--no-build", "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=work, env=environment,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        response = httpx.get(f"{line[1]}/queries/plans.csv")
        assert response.headers["plangraf-version"] == expected["version"]
        assert len(response.text.splitlines()) == 27
        assert httpx.get(f"{line[1]}/doc/5001/plan/2020-2023-7.html").status_code == 200
        # The folders of the home that hold no data come along: collections, frames, labels, the site's words.
        assert len(httpx.get(f"{line[1]}/plans.csv").text.splitlines()) == 27
        assert "Tittel" in httpx.get(f"{line[1]}/doc/5001/plan/2020-2023-7.html?lang=nb").text
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
