"""The peers from other projects: Oxigraph's server, rdflib-endpoint, Virtuoso and Jena Fuseki.

The benchmark installs Oxigraph and rdflib-endpoint from `peers.txt` into the user's cache folder. It measures Virtuoso
when `virtuoso-t` and `isql` are on the PATH (Debian package `virtuoso-opensource`), and Fuseki when java is on the PATH
and `fuseki-server.jar` is in FUSEKI_HOME or the cache folder. Their default graphs are the union of all graphs.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.peers import HttpPeer, Peer, Place, RdflibInProcess, plangraf
from engine_servers import write_virtuoso_ini
from local_server import free_port

_REQUIREMENTS = Path(__file__).resolve().parent / "peers.txt"
_GRAPH = "urn:plangraf:benchmark"
# The data need only a part of this heap. A larger one would hide the cost of garbage collection.
_JAVA_HEAP = "-Xmx6g"


def all_peers(*, install: bool = True) -> list[Peer]:
    """All systems of the comparison, including absent ones. The ratios refer to the first."""
    return [
        plangraf("plangraf"),
        plangraf("plangraf (1 process)", "--workers", "1"),
        *_oxigraph_and_endpoint(install),
        RdflibInProcess(),
        _virtuoso(),
        _fuseki(),
    ]


def cache_folder() -> Path:
    """The folder of installed peers, one per content of `peers.txt` and version of Python."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    key = hashlib.sha256(_REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    return base / "plangraf-benchmark" / key


def _oxigraph_and_endpoint(install: bool) -> Iterator[Peer]:
    folder = cache_folder() / "venv"
    absent = _install(folder) if install else "not installed in this run"
    binary, endpoint = str(folder / "bin" / "oxigraph"), str(folder / "bin" / "rdflib-endpoint")
    versions = dict(re.findall(r"^([\w-]+).*?==(\S+)", _REQUIREMENTS.read_text(), re.MULTILINE))

    def in_memory(port: int, _: Place) -> list[str]:
        return [binary, "serve", "--bind", f"127.0.0.1:{port}"]

    def post(port: int, place: Place) -> None:
        with place.data.ntriples.open("rb") as file:
            httpx.post(
                f"http://127.0.0.1:{port}/store?default&no_transaction",
                content=file,
                headers={"Content-Type": "application/n-triples"},
                timeout=600,
            ).raise_for_status()

    def on_disk(port: int, place: Place) -> list[str]:
        return [binary, "serve", "--bind", f"127.0.0.1:{port}", "--location", str(place.folder / "store")]

    def load(_: int, place: Place) -> None:
        command = [binary, "load", "--location", str(place.folder / "store"), "--file", str(place.data.ntriples)]
        subprocess.run(command, check=True, capture_output=True)

    def flask(port: int, place: Place) -> list[str]:
        return [endpoint, "serve", "--host", "127.0.0.1", "--port", str(port), str(place.data.ntriples)]

    known = versions["oxigraph"]
    yield HttpPeer("oxigraph serve (memory)", "oxigraph", known, absent, path="/query", command=in_memory, load=post)
    yield HttpPeer("oxigraph serve (disk)", "oxigraph", known, absent, path="/query", command=on_disk, before=load)
    yield HttpPeer("rdflib-endpoint", "rdflib", versions["rdflib-endpoint"], absent, path="/", command=flask)


def _install(folder: Path) -> str:
    """Installs the Python peers; returns the reason of a failure, else an empty string."""
    done = folder / ".done"
    if done.is_file():
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run = subprocess.run([*pip, "--requirement", str(_REQUIREMENTS)], capture_output=True, text=True)
    if run.returncode:
        return f"pip could not install it ({run.stderr.strip().splitlines()[-1][:200]})"
    done.touch()
    return ""


def _virtuoso() -> Peer:
    server = shutil.which("virtuoso-t")
    isql = shutil.which("isql-vt") or shutil.which("isql")
    absent = "" if server and isql else "virtuoso-t is not on the PATH"
    sql_port = free_port()

    def configure(port: int, place: Place) -> None:
        write_virtuoso_ini(
            place.folder, port, sql_port, most_rows=10_000_000, reads=place.data.ntriples.parent,
            buffers=(170_000, 130_000), query_memory="2G",
        )  # fmt: skip

    def command(_: int, place: Place) -> list[str]:
        return [str(server), "+foreground", "+configfile", str(place.folder / "virtuoso.ini")]

    def load(_: int, place: Place) -> None:
        folder, file = place.data.ntriples.parent, place.data.ntriples.name
        steps = f"ld_dir('{folder}', '{file}', '{_GRAPH}'); rdf_loader_run(); checkpoint;"
        # The default user and password. The database listens on 127.0.0.1 only, for the time of the run.
        run = subprocess.run(
            [str(isql), f"127.0.0.1:{sql_port}", "dba", "dba", f"exec={steps}"], capture_output=True, text=True
        )
        if run.returncode or "Error" in run.stderr:
            raise RuntimeError(f"isql: {run.stderr or run.stdout}")

    version = _first_match([str(server), "--version"], r"Version (\S+)") if server else ""
    path = "/sparql?" + urlencode({"default-graph-uri": _GRAPH})
    return HttpPeer("Virtuoso", "virtuoso", version, absent, path=path, before=configure, command=command, load=load)


def _fuseki() -> Peer:
    java = shutil.which("java")
    folders = [Path(os.environ["FUSEKI_HOME"])] if os.environ.get("FUSEKI_HOME") else []
    jars = [folder / "fuseki-server.jar" for folder in (*folders, cache_folder(), cache_folder().parent)]
    jar = next((path for path in jars if path.is_file()), None)
    absent = "" if java and jar else "no java" if not java else "no fuseki-server.jar in FUSEKI_HOME"

    def command(port: int, place: Place) -> list[str]:
        return [
            str(java),
            _JAVA_HEAP,
            "-jar",
            str(jar),
            "--localhost",
            "--port",
            str(port),
            f"--file={place.data.ntriples}",
            "/plans",
        ]

    version = _first_match([str(java), "-jar", str(jar), "--version"], r"version (\S+)") if not absent else ""
    return HttpPeer("Fuseki", "jena", version, absent, path="/plans/query", command=command)


def _first_match(command: list[str], pattern: str) -> str:
    run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(pattern, run.stdout + run.stderr)
    return found[1] if found else ""
