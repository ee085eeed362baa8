"""One entry in the registry adds a format to each address that offers its kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import plangraf

HERE = Path(__file__).resolve().parent
ENTRY = """
N3 = Format("notation3", "graph", "text/n3", "n3", "Notation3", RdfFormat.N3, charset=True)
"""
ORDER = "# In the order of preference"
PROGRAM = """
import sys
from pathlib import Path

import httpx
from frozen import two_versions
from small_server import serving, small_settings

from plangraf.http.app import create_app

folder = Path(sys.argv[1])
two_versions(folder)
QUERY = {"query": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "format": "notation3"}
with serving(lambda port: create_app(small_settings(folder, port))) as url:
    for path in ("doc/5001/plan/one.n3", "plans.n3", "collections.n3", "catalog.n3", "ontology.n3", "shapes.n3",
                 ".well-known/void.n3", "targets/11.6.n3", "?format=notation3"):
        answer = httpx.get(f"{url}/{path}", headers={"Accept": "image/png"}, timeout=60)
        print(answer.status_code, answer.headers["content-type"], path, len(answer.content) > 50)
    answer = httpx.get(f"{url}/sparql", params=QUERY, timeout=60)
    print(answer.status_code, answer.headers["content-type"], "sparql", len(answer.content) > 50)
    linked = httpx.get(f"{url}/plans", headers={"Accept": "text/turtle"}).headers["link"]
    print("/plans.n3?" in linked, 'type="text/n3"' in linked)
    described = httpx.get(f"{url}/openapi.json").json()["paths"]
    print([path for path in ("/plans", "/catalog", "/doc/{path}", "/ontology", "/sparql")
           if "text/n3" not in described[path]["get"]["responses"]["200"]["content"]])
"""


@pytest.mark.slow
def test_one_entry_gives_a_graph_format_to_every_address_of_graphs(tmp_path: Path) -> None:
    package = Path(plangraf.__file__).parent
    shutil.copytree(package, tmp_path / "plangraf", ignore=shutil.ignore_patterns("__pycache__"))
    registry = tmp_path / "plangraf" / "rdf" / "formats.py"
    before, _, after = registry.read_text().partition(ORDER)
    registry.write_text(f"{before}{ENTRY}{ORDER}{after.replace('HTML,', 'HTML, N3,', 1)}")
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "versions")],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(HERE), str(HERE.parent)])},
    )
    assert run.returncode == 0, run.stderr
    *answers, links, missing = [line for line in run.stdout.splitlines() if not line.startswith("{")]
    assert len(answers) == 10
    for line in answers:
        assert line.startswith("200 text/n3; charset=utf-8 "), line
        assert line.endswith(" True"), line
    assert (links, missing) == ("True True", "[]")
