"""A wheel of this tree, installed elsewhere, builds and serves as the checkout does; so does one with the extra
`server` alone; the client and a plain install have none of its packages.

These are the steps of the Dockerfile: wheel, install, build into a separate folder, serve without a build.
The environments use third-party packages of the test run; plangraf itself comes from the wheel only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path, PurePath

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from plangraf.cli.extras import EXTRAS
from plangraf.pages.built_scripts import editor_script, walk_script

ROOT = Path(__file__).resolve().parents[2]

_IMPORTED = {
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry-sdk": "opentelemetry.sdk",
    "pyyaml": "yaml",
    "vl-convert-python": "vl_convert",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=600)
    (made,) = folder.glob("plangraf-*.whl")
    return made


def environment_with(wheel: Path, home: Path) -> tuple[Path, Path]:
    """A new environment with only the wheel: its Python and its site-packages."""
    venv.create(home, with_pip=False)
    site = next((home / "lib").glob("python*/site-packages"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(command, check=True, timeout=600)
    return home / "bin" / "python", site


def without_settings() -> dict[str, str]:
    left_out = ("PLANGRAF_", "PYTHONPATH")
    return {key: value for key, value in os.environ.items() if not key.startswith(left_out)}


# Looking for a module imports the package above it, which fails where that is absent.
INSTALLED = """
from contextlib import suppress
from importlib.util import find_spec
found = []
for name in {!r}:
    with suppress(ModuleNotFoundError):
        found += [name] if find_spec(name) else []
print(found)
"""


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    python, site = environment_with(wheel, wheel.parent / "environment")
    (site / "third-party.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python.parent.parent


@pytest.fixture(scope="module")
def server_only(wheel: Path) -> Path:
    return environment_of(wheel, "server")


def environment_of(wheel: Path, extra: str) -> Path:
    """The wheel, with links to only the packages that it requires for an extra, and to their dependencies."""
    python, site = environment_with(wheel, wheel.parent / (extra or "plain"))
    (metadata,) = site.glob("plangraf-*.dist-info")
    waiting = required(Distribution.at(metadata), {extra})
    linked: set[tuple[str, frozenset[str]]] = set()
    for requirement in waiting:
        extras = requirement.extras or {""}
        if (key := (canonicalize_name(requirement.name), frozenset(extras))) in linked:
            continue
        linked.add(key)
        found = distribution(requirement.name)
        files = [file for file in found.files or () if file.parts[0] not in ("..", "__pycache__")]
        for path in {_to_link(found, file) for file in files}:
            place = site / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.symlink_to(Path(str(found.locate_file(path))))
        waiting += required(found, extras)
    return python


def _to_link(found: Distribution, file: PurePath) -> PurePath:
    """Its top folder, or the file itself where several packages share that folder."""
    top = Path(str(found.locate_file(file.parts[0])))
    shared = top.is_dir() and top.suffix not in (".dist-info", ".libs") and not (top / "__init__.py").exists()
    return file if shared else PurePath(file.parts[0])


def required(found: Distribution, extras: set[str]) -> list[Requirement]:
    return [
        one
        for one in map(Requirement, found.requires or ())
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
    ]


@pytest.mark.slow
@pytest.mark.skipif(editor_script() is None, reason="the scripts are not built; named at the end of the run")
def test_the_wheel_holds_the_built_scripts_with_their_licences_and_not_their_sources(installed: Path) -> None:
    (pages,) = installed.glob("lib/python*/site-packages/plangraf/pages")
    assert (pages / "built" / str(editor_script())).is_file()
    assert (pages / "built" / str(walk_script())).is_file()
    assert "MIT License" in (pages / "built" / "editor-licences.txt").read_text()
    assert "cytoscape" in (pages / "built" / "walk-licences.txt").read_text()
    assert not (pages / "editor").exists()


@pytest.mark.slow
def test_the_wheel_holds_the_files_that_a_build_reads(installed: Path) -> None:
    """The short form of the two others.

    The import contracts and `test_a_command_names_the_extra_that_it_lacks` are that of the server without extras.
    """
    (home,) = installed.glob("lib/python*/site-packages/plangraf/home")
    for name in ("ontology", "shapes", "data", "queries"):
        files = {path.relative_to(ROOT): path.read_bytes() for path in (ROOT / name).rglob("*") if path.is_file()}
        assert files
        assert {
            path.relative_to(home): path.read_bytes() for path in (home / name).rglob("*") if path.is_file()
        } == files


@pytest.mark.slow
def test_the_installed_wheel_builds_the_same_version_and_serves_it(installed: Path, built: Path) -> None:
    work = installed.parent / "work"
    work.mkdir()
    python = str(installed / "bin" / "python")
    environment = without_settings()

    where = subprocess.run(
        [python, "-c", "import plangraf; print(plangraf.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=work,
        env=environment,
    )
    assert str(installed) in where.stdout
    subprocess.run([python, "-m", "plangraf.cli", "build"], check=True, timeout=900, cwd=work, env=environment)
    manifest = json.loads((work / "versions" / "current" / "manifest.json").read_text())
    expected = json.loads((built / "current" / "manifest.json").read_text())
    assert manifest == expected

    process = subprocess.Popen(
        [python, "-m", "plangraf.cli", "serve", "--no-build", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=work,
        env=environment,
    )
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
        process.communicate(timeout=60)
        assert process.returncode == 0


@pytest.mark.slow
def test_the_extra_server_serves_a_built_version_and_names_what_other_commands_need(
    server_only: Path, built: Path, tmp_path: Path
) -> None:
    environment = without_settings()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(server_only), "-m", "plangraf.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)

    others = {package for extra in EXTRAS if extra != "server" for package in EXTRAS[extra]} | {"SPARQLWrapper"}
    listed = subprocess.run(
        [server_only, "-c", INSTALLED.format(sorted(others))],
        capture_output=True, text=True, env=environment, timeout=60,
    )  # fmt: skip
    assert listed.stdout == "[]\n"
    for arguments, extra in (
        (("build",), "publish"),
        (("validate", "x.ttl"), "publish"),
        (("serve", "--port", "0"), "publish"),
        (("export-sheet", "planstrategi-2020-2023", "x.xlsx"), "sheets"),
        (("import-sheet", "x.xlsx", "y"), "sheets"),
        (("check-harvest",), "portals"),
    ):
        ended = run(*arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert f"python -m pip install 'plangraf[{extra}]'" in ended.stderr
        assert "Traceback" not in ended.stderr
    versions = ("--versions", str(built))
    assert run("versions", *versions).stdout.startswith("* ")
    assert run("query", "-q", "ASK { ?s ?p ?o }", *versions).returncode == 0
    process = subprocess.Popen(
        [server_only, "-m", "plangraf.cli", "serve", "--port", "0", *versions],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        assert len(httpx.get(f"{address}/queries/plans.csv").text.splitlines()) == 27
        for name in ("doc/5001/plan/2020-2023-7.html", "ontology", "catalog.ttl", "dump/", "feed", "docs"):
            assert httpx.get(f"{address}/{name}", follow_redirects=True).status_code == 200, name
        absent_protocol = httpx.post(f"{address}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert absent_protocol.status_code == 501
        assert "python -m pip install 'plangraf[mcp]'" in absent_protocol.json()["detail"]
        absent_format = httpx.get(f"{address}/queries/plans.parquet")
        assert absent_format.status_code == 501
        assert "python -m pip install 'plangraf[parquet]'" in absent_format.json()["detail"]
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "the current version is served without a build" in said


PROGRAMS = {
    "": "import plangraf.client",
    "client": "import plangraf.client, plangraf.client.sparql_requests",
}


@pytest.mark.slow
@pytest.mark.parametrize("extra", PROGRAMS)
def test_client_and_plain_install_have_no_package_of_the_server(wheel: Path, tmp_path: Path, extra: str) -> None:
    """The client imports, and each command ends with the line that says what to install."""
    python = environment_of(wheel, extra)
    listing = f"import importlib.util as u; print([n for n in {EXTRAS['server']!r} if u.find_spec(n)])"

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python), "-c", program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=without_settings(), timeout=60)

    assert run(f"{PROGRAMS[extra]}; {listing}").stdout == "[]\n"
    for arguments in (["--help"], ["--version"], ["serve"], ["build"]):
        ended = run("from plangraf.cli import main; main()", *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == (
            "plangraf: This command needs the extra `server` (typer is not installed). "
            "Install it: python -m pip install 'plangraf[server]'.\n"
        )


def test_the_table_of_extras_is_that_of_the_project() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {extra: [Requirement(line) for line in extras[extra]] for extra in EXTRAS}
    assert {extra for extra, lines in named.items() if "plangraf" in {line.name for line in lines}} == {
        "publish",
        "sheets",
        "portals",
        "statistics",
        "remote",
        "replicas",
        "mcp",
        "parquet",
        "otel",
    }
    assert {
        extra: tuple(_IMPORTED.get(line.name, line.name).replace("-", "_") for line in lines if line.name != "plangraf")
        for extra, lines in named.items()
    } == EXTRAS


def test_the_servers_lock_has_the_pins_of_the_full_lock() -> None:
    def pins(name: str) -> set[str]:
        return set((ROOT / name).read_text().split("\n"))

    assert pins("requirements-server.lock") < pins("requirements.lock")
