"""Shared fixtures: the built version of this checkout, and a real server for it.

Nothing is written into the checkout: versions go to a temporary folder, the server takes a free port.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

import tested_engine
from engine_servers import ENGINES, absent, running_engine
from plangraf.store.versions import VersionStore
from running_server import Server, running_server, start_python
from small_home import command

# Each httpx.get would read all the world's certificates, 20 ms a call; these tests speak plain HTTP to themselves.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = os.devnull
# httpx waits for 5 s, which a machine under load may take.
httpx._config.DEFAULT_TIMEOUT_CONFIG.read = 60

ROOT = Path(__file__).resolve().parent.parent
# A property test tries the same examples in each run, so that a run never fails for an old fault of other code.
# It has no deadline, because a slow machine is not a fault.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# `make search-faults`: other examples in each run, and those that failed in an earlier one first.
settings.register_profile(
    "search",
    settings.get_profile("repeatable"),
    derandomize=False,
    database=DirectoryBasedExampleDatabase(ROOT / ".hypothesis" / "examples"),
    max_examples=2_000,
)
# `make test`: the first of the same examples.
settings.register_profile("short", settings.get_profile("repeatable"), max_examples=20)
settings.load_profile("repeatable")

OPTIONAL_PROGRAMS = {
    "chromium-headless-shell or chromium": "pages in a real browser",
    "Rscript": "the ten questions in R",
    "virtuoso-t": "the service over Virtuoso",
    "caddy": "the balancer of deploy/ before two replicas",
    "systemd-analyze": "the unit of deploy/",
}
# Made by `make editor`, `make portals`, `make engines` and `make differential`.
OPTIONAL_ENVIRONMENTS = {
    "service/plangraf/pages/built/.ready": "the query editor and the graph of neighbours in a browser",
    ".portals/ckan/bin/python": "the catalogue in CKAN's own reader",
    ".portals/ldes-client/.ready": "the feed in npm's ldes-client",
    ".portals/comunica/.ready": "the service joined with a local file in Comunica",
    ".fuseki/.ready": "the service over Jena Fuseki",
    ".jena/.ready": "whether Jena ARQ answers now as its answers are stored",
}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


# Of these fixtures the tests that ask a served version have one.
_SERVED = frozenset(
    {"url", "server", "start_server", "start_light_server", "run_server", "client", "direct", "made_url"}
)
_RUNNING = ExitStack()
_LEFT = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        default="embedded",
        choices=["embedded", *ENGINES],
        help="the engine of the served versions; another one than `embedded` runs only tests that ask a served version",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Starts the engine of the run, in the process that starts the others."""
    engine = config.getoption("--engine")
    if engine == "embedded" or hasattr(config, "workerinput"):
        return
    if why := absent(engine):
        raise pytest.UsageError(f"--engine {engine}: {why}")
    folder = Path(_RUNNING.enter_context(tempfile.TemporaryDirectory(prefix="plangraf-engine-")))
    tested_engine.tell(engine, _RUNNING.enter_context(running_engine(engine, folder)).target)
    _RUNNING.callback(tested_engine.forget)


def pytest_unconfigure() -> None:
    _RUNNING.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves one of n cases of a test marked `sampled(n)` in the short set, the same in each run.

    The longer set has all. It is for a statement about each of many alike, such as every list of the site.
    """
    if config.getoption("--engine") != "embedded":
        _choose_for_engine(config, items)
    if "not slow" not in config.option.markexpr:
        return
    left_out, seen = set(), set()
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            test = item.nodeid.partition("[")[0]
            # The first case stays, so that no test is without one.
            if test in seen and zlib.crc32(item.name.encode()) % mark.args[0]:
                left_out.add(item)
            seen.add(test)
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _choose_for_engine(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the tests that ask a served version, and expects those to fail whose difference the table names."""
    chosen, left, reasons = [], [], Counter[str]()
    table = tested_engine.differences(config.getoption("--engine"))
    for item in items:
        if _SERVED.isdisjoint(getattr(item, "fixturenames", ())):
            reasons["asks no served version"] += 1
            left.append(item)
        elif mark := item.get_closest_marker("embedded"):
            reasons[mark.args[0]] += 1
            left.append(item)
        else:
            chosen.append(item)
            if reason := table.reason(item.nodeid):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    config.hook.pytest_deselected(items=left)
    items[:] = chosen
    config.stash[_LEFT] = reasons


def pytest_collection_finish() -> None:
    """Keeps the collector off what lives as long as the run: walking it took half of the time of a test of shapes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """`once(name, make)`: a folder that the first process of the run fills, and all processes read."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                unfinished = shared / f"{name}.unfinished-{worker_id}"
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return made


@pytest.fixture
def every_log_line() -> Iterator[None]:
    """Lines of all levels, whatever a service that another test made in this process has set."""
    set_by_others = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**set_by_others)


@pytest.fixture(scope="session")
def light_home(once: Once) -> Path:
    """This checkout with only the municipality itself and the UN's goals as data, because these are read quickly."""

    return once("light-home", partial(assemble_home, datasets=("sdg", "5001/kommune")))


@pytest.fixture(scope="session")
def core_home(once: Once) -> Path:
    """This checkout with only the UN's goals as data, the smallest that a build accepts."""
    return once("core-home", partial(assemble_home, datasets=("sdg",)))


def assemble_home(folder: Path, datasets: tuple[str, ...]) -> None:
    for name in ("ontology", "shapes", "queries"):
        (folder / name).symlink_to(ROOT / name)
    for name in datasets:
        shutil.copytree(ROOT / "data" / name, folder / "data" / name)


@pytest.fixture(scope="session")
def template(once: Once) -> Path:
    """The empty workbook that `plangraf export-sheet --template` writes; tests copy it."""

    def export(folder: Path) -> None:
        subprocess.run(command("export-sheet", "--template", "template.xlsx"), cwd=folder, check=True, timeout=120)

    return once("template", export) / "template.xlsx"


@pytest.fixture(scope="session")
def built(once: Once) -> Path:
    """A versions folder with one version, built from this checkout by the real command."""

    def build(folder: Path) -> None:
        run = subprocess.run(
            [sys.executable, "-m", "plangraf.cli", "build", "--versions", str(folder / "versions")],
            capture_output=True,
            text=True,
            timeout=900,
            cwd=folder,
        )
        assert run.returncode == 0, run.stderr

    return once("built", build) / "versions"


@pytest.fixture(scope="session")
def light_versions(built: Path, once: Once) -> Path:
    """A versions folder with the ontology, a municipality, two of its plans and a perspective of `built`.

    It is for servers of which other things than their data are tested.
    """

    def write(folder: Path) -> None:
        ontology = b"<https://w3id.org/plangraf/graph/ontology> ."
        keys = (b"municipality/5001", b"plan/2020-2023-7", b"plan/2020-2023-8", b"perspective/2020-7")
        things = tuple(b"/5001/%b>" % key for key in keys)
        version = VersionStore(built).current()
        lines = [line for line in version.lines() if line.endswith(ontology) or line.split()[0].endswith(things)]
        graphs = Counter(line.rpartition(b" <")[2].removesuffix(b"> .").decode() for line in lines)
        manifest = {"triples": len(lines), "quads": len(lines), "graphs": dict(graphs), "warnings": {}}
        VersionStore(folder / "versions").write(lines, manifest)

    return once("light-versions", write) / "versions"


@pytest.fixture(scope="session")
def server(built: Path) -> Iterator[Server]:
    with running_server(built, "--workers", "2", start=start_python) as running:
        yield running


@pytest.fixture(scope="session")
def url(server: Server) -> str:
    return server.url


@pytest.fixture
def start_server(built: Path) -> Callable[..., object]:
    """A server with its own settings: `with start_server(PLANGRAF_QUERY_TIMEOUT_S="1") as server:`."""

    def start(*options: str, **environment: str) -> object:
        return running_server(built, *options, **environment)

    return start


@pytest.fixture
def start_light_server(light_versions: Path) -> Callable[..., AbstractContextManager[Server]]:
    """`start_server` over `light_versions`, which open in a tenth of the time."""
    return partial(running_server, light_versions)


@pytest.fixture(scope="session")
def run_server() -> Callable[..., AbstractContextManager[Server]]:
    """`running_server` for a folder of versions that the test creates."""
    return running_server


def _has_one(names: str) -> bool:
    """Whether one of some programs is installed: `one or other`."""
    return any(shutil.which(name) for name in names.split(" or "))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists absent programs, so that a green run does not hide an unproven part."""
    absent = [f"{names} ({what})" for names, what in OPTIONAL_PROGRAMS.items() if not _has_one(names)]
    absent += [f"{name} ({what})" for name, what in OPTIONAL_ENVIRONMENTS.items() if not (ROOT / name).exists()]
    if absent:
        terminalreporter.write_line("absent, so not tried here: " + ", ".join(absent))
    for reason, count in terminalreporter.config.stash.get(_LEFT, Counter[str]()).most_common():
        terminalreporter.write_line(f"not run over another engine: {count} ({reason})")
    if "not slow" in terminalreporter.config.option.markexpr:
        terminalreporter.write_line("the longer set, with the tests marked slow: make test-all")
