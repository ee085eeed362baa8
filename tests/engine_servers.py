"""SPARQL servers of others on free ports, with what a version needs: queries, updates and a graph store.

Each is a process of its own, is over when the block ends or the tests die, and keeps its data in a folder that it is
given. `absent` says why one cannot be started here. Run by its path, this file downloads Fuseki.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from local_server import free_port
from maven_libraries import libraries_of
from plangraf.processes import die_with_parent
from plangraf.publish.endpoint_loading import Target

ROOT = Path(__file__).resolve().parent.parent
FUSEKI = ROOT / ".fuseki"
_FUSEKI_FILES = ROOT / "tests" / "engines" / "fuseki"
_START_S = 120
_VIRTUOSO_INI = """\
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temp.db
TransactionFile = {folder}/temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DirsAllowed = {allowed}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty_buffers}
MaxQueryMem = {query_memory}
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = {folder}
ServerThreads = 40
MaxClientConnections = 40
MaxKeepAlives = 40
KeepAliveTimeout = 60
EnabledGzipContent = 0
[SPARQL]
ResultSetMaxRows = {most_rows}
"""


@dataclass(frozen=True, slots=True)
class EngineServer:
    """A running server: its addresses, and the process."""

    name: str
    target: Target
    process: subprocess.Popen[bytes]


def absent(name: str) -> str:
    """Why an engine cannot run here; empty when it can."""
    if name == "virtuoso":
        return "" if shutil.which("virtuoso-t") else "virtuoso-t is not on the PATH"
    if name == "fuseki":
        if shutil.which("java") is None:
            return "java is not on the PATH"
        return "" if (FUSEKI / ".ready").exists() else "`make engines` has not been run"
    return "" if Path(sys.executable).with_name("oxigraph").exists() else "the package oxigraph is not installed"


def install_fuseki() -> None:
    """Downloads Fuseki with Maven, once."""
    libraries_of(_FUSEKI_FILES / "pom.xml", _FUSEKI_FILES / "jena.lock", FUSEKI)


@contextmanager
def running_engine(name: str, folder: Path, most_rows: int = 100_000_000) -> Iterator[EngineServer]:
    """A server of an engine in an empty folder.

    Args:
        name: one of ENGINES.
        folder: for its files.
        most_rows: of an answer, for Virtuoso, which cuts a longer one.
    """
    port = free_port()
    command, target = ENGINES[name](port, folder, most_rows)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL),
        )  # fmt: skip
    try:
        _wait_for_answer(process, target, folder)
        yield EngineServer(name, target, process)
    finally:
        process.kill()
        process.wait()


def _wait_for_answer(process: subprocess.Popen[bytes], target: Target, folder: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            answer = httpx.get(target.query, params={"query": "ASK { ?s ?p ?o }"}, timeout=60)
            if answer.status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, (folder / "server.log").read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, "the engine did not answer in time"
        time.sleep(0.05)


def _oxigraph(port: int, _: Path, __: int) -> tuple[list[str], Target]:
    program = Path(sys.executable).with_name("oxigraph")
    base = f"http://127.0.0.1:{port}"
    command = [str(program), "serve", "--bind", f"127.0.0.1:{port}"]
    return command, Target(f"{base}/query", f"{base}/update", f"{base}/store")


def _fuseki(port: int, folder: Path, _: int) -> tuple[list[str], Target]:
    (folder / "data").mkdir(exist_ok=True)
    command = ["java", "-Xmx1500m", "-cp", f"{FUSEKI}/*", "org.apache.jena.fuseki.main.cmds.FusekiMainCmd"]
    command += ["--port", str(port), "--localhost", "--update", "--tdb2", "--loc", str(folder / "data"), "/plans"]
    base = f"http://127.0.0.1:{port}/plans"
    return command, Target(f"{base}/query", f"{base}/update", f"{base}/data")


def write_virtuoso_ini(
    folder: Path,
    port: int,
    sql_port: int,
    *,
    most_rows: int,
    reads: Path | None = None,
    buffers: tuple[int, int] = (40_000, 30_000),
    query_memory: str = "1G",
) -> Path:
    """Writes the configuration of a Virtuoso on this machine; returns its path.

    Args:
        folder: for its files.
        port: of HTTP.
        sql_port: of its own protocol.
        most_rows: of an answer.
        reads: another folder that it may load files from.
        buffers: pages of 8 KiB in memory, and of these the most that are not written yet.
        query_memory: the most for one query.
    """
    ini = folder / "virtuoso.ini"
    ini.write_text(
        _VIRTUOSO_INI.format(
            folder=folder, port=port, sql_port=sql_port, most_rows=most_rows,
            allowed=", ".join(map(str, [folder, reads] if reads else [folder])),
            buffers=buffers[0], dirty_buffers=buffers[1], query_memory=query_memory,
        )
    )  # fmt: skip
    return ini


def _virtuoso(port: int, folder: Path, most_rows: int) -> tuple[list[str], Target]:
    ini = write_virtuoso_ini(folder, port, free_port(), most_rows=most_rows)
    base = f"http://127.0.0.1:{port}"
    target = Target(f"{base}/sparql", f"{base}/sparql-auth", f"{base}/sparql-graph-crud-auth", "Digest dba:dba")
    return ["virtuoso-t", "+foreground", "+configfile", str(ini)], target


ENGINES: dict[str, Callable[[int, Path, int], tuple[list[str], Target]]] = {
    "oxigraph": _oxigraph,
    "fuseki": _fuseki,
    "virtuoso": _virtuoso,
}

if __name__ == "__main__":
    install_fuseki()
