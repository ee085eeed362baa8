"""Runs W3C's SPARQL 1.1 tests through a real service: `python tests/conformance/w3c.py <checkout of w3c/rdf-tests>`.

The data of each test are a separate version. Writes docs/conformance/sparql11.md; `--only NAME` runs the manifests
whose folder has this name, and writes nothing.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "differential")]

import differences  # noqa: E402
import httpx  # noqa: E402
import rdflib  # noqa: E402
import sparql_answers  # noqa: E402
import w3c_tests  # noqa: E402
import yaml  # noqa: E402
from served import RESULTS, write_version  # noqa: E402
from sparql_answers import Answer, Row  # noqa: E402
from w3c_tests import ACCEPTED, EVALUATION, REFUSED, Folder, Test  # noqa: E402

from plangraf.errors import PlangrafError  # noqa: E402
from plangraf.sparql.safety import Limits, check  # noqa: E402
from plangraf.store.versions import VersionStore  # noqa: E402
from running_server import running_server  # noqa: E402

REPORT = _TESTS.parent / "docs" / "conformance" / "sparql11.md"
REASONS = Path(__file__).resolve().parent / "reasons.yaml"
LEFT_OUT = {
    "update": "add basic-update clear copy delete delete-data delete-insert delete-where drop move syntax-update-1 "
    "syntax-update-2 update-silent",
    "federation": "service syntax-fed",
    "entailment": "entailment",
    "protocol": "protocol graph-store-protocol http-rdf-update service-description",
}
# The default graph of a test that has named graphs beside it; without them all graphs together are the default graph.
_DEFAULT = "urn:x-plangraf:default"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one test. `verdict` is passed, failed or refused; `spelled`: numbers differ in form only."""

    test: Test
    verdict: str
    reason: str = ""
    spelled: bool = False

    @property
    def name(self) -> str:
        return f"{self.test.manifest.removeprefix('sparql/')}/{self.test.name}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """The version of a test, and the graphs that the request selects."""

    version: str
    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def manifests(folder: Path) -> Iterator[Path]:
    """The manifests to run: those of 1.1 without the omitted ones, and those of 1.0, which belong to it."""
    left_out = {name for names in LEFT_OUT.values() for name in names.split()}
    for part in ("sparql11", "sparql10"):
        for manifest in sorted(folder.glob(f"sparql/{part}/*/manifest.ttl")):
            if manifest.parent.name not in left_out:
                yield manifest


def load(folder: Folder, store: VersionStore, test: Test) -> Dataset:
    """Writes the test's data as a version."""
    graphs = {folder.address(file): file for file in test.graphs}
    chosen = not test.graphs
    query = test.query.read_text()
    for address in _from(query, test.base) if test.kind in EVALUATION else ():
        # FROM and FROM NAMED name files beside the query, which the protocol's parameters must not override.
        graphs[address], chosen = folder.file(rdflib.URIRef(address)), True
    lines: set[bytes] = set()
    for address, file in graphs.items():
        lines |= folder.triples(file, address)
    for file in test.data:
        lines |= folder.triples(file, _DEFAULT)
    version = write_version(store, sorted(lines))
    if chosen and (graphs or "GRAPH" not in query.upper()):
        return Dataset(version)
    return Dataset(version, (_DEFAULT,), tuple(graphs))


def _from(query: str, base: str) -> tuple[str, ...]:
    try:
        checked = check(query, Limits(), base=base)
    except PlangrafError:
        return ()
    return (*checked.default_graphs, *checked.named_graphs)


class Runner:
    """Queries the service over the version of each test."""

    def __init__(self, folder: Folder, url: str, client: httpx.Client) -> None:
        self._folder, self._url, self._client = folder, url, client

    def run(self, test: Test, data: Dataset) -> Outcome:
        if test.kind not in EVALUATION:
            return self._syntax(test, data)
        assert test.result is not None
        expected = self._folder.expected(test.result)
        wanted = test.result.suffix.removeprefix(".")
        media_type = (
            "text/csv" if wanted == "csv" else RESULTS.get({"srj": "json", "srx": "xml"}.get(wanted, wanted), "")
        )
        text = f"BASE <{test.base}> {test.query.read_text()}"
        response = self._ask(
            text.encode(), data, f"{media_type or RESULTS['json']}, */*;q=0.1, application/n-triples;q=0.5"
        )
        if response.status_code != 200:
            return _refused(test, response)
        found = _read(response)
        return _compared(test, expected, found)

    def _syntax(self, test: Test, data: Dataset) -> Outcome:
        response = self._ask(test.query.read_bytes(), data, "*/*")
        if test.kind in ACCEPTED:
            return Outcome(test, "passed") if response.status_code == 200 else _refused(test, response)
        assert test.kind in REFUSED, test.kind
        if response.status_code == 400:
            return Outcome(test, "passed")
        return Outcome(test, "failed", f"was not refused but answered with {response.status_code}")

    def _ask(self, query: bytes, data: Dataset, accept: str) -> httpx.Response:
        return self._client.post(
            f"{self._url}/version/{data.version}/sparql",
            params={"default-graph-uri": data.default, "named-graph-uri": data.named},
            content=query,
            headers={"Content-Type": "application/sparql-query", "Accept": accept},
        )


def _refused(test: Test, response: httpx.Response) -> Outcome:
    problem = response.json()
    verdict = "refused" if 400 <= response.status_code < 500 else "failed"
    return Outcome(test, verdict, f"{response.status_code} {problem['code']}: {problem.get('detail', '')}")


def _read(response: httpx.Response) -> Answer:
    content_type = response.headers["content-type"].partition(";")[0]
    if content_type == "application/n-triples":
        return sparql_answers.from_triples(response.text)
    if content_type == "text/csv":
        return w3c_tests.from_csv(response.text)
    if content_type == RESULTS["xml"]:
        return sparql_answers.from_xml(response.text)
    if content_type == RESULTS["tsv"]:
        return sparql_answers.from_tsv(response.text)
    return sparql_answers.from_json(response.json())


def _compared(test: Test, expected: Answer, found: Answer) -> Outcome:
    assert test.result is not None
    every = re.search(r"SELECT\s+(DISTINCT\s+|REDUCED\s+)?\*", test.query.read_text(), re.IGNORECASE)
    # Only files of results have an order of columns, for queries that name them; RDF has none.
    if expected.kind == "rows" and (every or test.result.suffix in (".ttl", ".rdf")):
        expected, found = _by_column(expected), _by_column(found)
    if test.lax and expected.columns == found.columns:
        fewest, most, have = Counter(set(expected.rows)), Counter(expected.rows), Counter(found.rows)
        return Outcome(test, "passed") if fewest <= have <= most else Outcome(test, "failed", "other rows")
    ordered = w3c_tests.is_ordered(test.result)
    difference = sparql_answers.compare(expected, found, ordered=ordered)
    if difference.text:
        return Outcome(test, "failed", difference.text)
    return Outcome(test, "passed", spelled=bool(difference.spellings))


def _by_column(answer: Answer) -> Answer:
    order = sorted(range(len(answer.columns)), key=lambda place: answer.columns[place])

    def sort(row: Row) -> Row:
        return tuple(row[place] for place in order)

    return Answer(answer.kind, sort(answer.columns), tuple(map(sort, answer.rows))) if answer.columns else answer


def run_all(folder: Folder, paths: Iterable[Path]) -> list[Outcome]:
    """The outcome of each test of some manifests, over one server."""
    tests = [test for path in paths for test in folder.tests(path)]
    with tempfile.TemporaryDirectory() as place:
        versions = Path(place) / "versions"
        store = VersionStore(versions)
        loaded = [load(folder, store, test) for test in tests]
        with (
            running_server(versions, "--workers", "1", PLANGRAF_OLD_VERSIONS="1") as server,
            httpx.Client(timeout=60) as client,
        ):
            runner = Runner(folder, server.url, client)
            outcomes = {}
            # Tests of the same data follow on each other, so that their version is opened once.
            for number in sorted(range(len(tests)), key=lambda number: loaded[number].version):
                outcomes[number] = runner.run(tests[number], loaded[number])
    return [outcomes[number] for number in range(len(tests))]


def reasons() -> dict[str, differences.Kind]:
    """The kind of difference of each failing test, by the test's name."""
    kinds = {kind.name: kind for kind in differences.kinds()}
    read = yaml.safe_load(REASONS.read_text())
    return {test: kinds[name] for name, tests in read.items() for test in tests}


def unexplained(outcomes: list[Outcome]) -> list[str]:
    """The failing tests that are not in reasons.yaml."""
    known = reasons()
    return [outcome.name for outcome in outcomes if outcome.verdict != "passed" and outcome.name not in known]


def report(outcomes: list[Outcome], commit: str) -> str:
    """The table as Markdown."""
    known = reasons()
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    lines = [
        "# W3C's tests of SPARQL 1.1",
        "",
        f"Run {datetime.now(UTC):%Y-%m-%d} by `python tests/conformance/w3c.py <folder>` over a checkout of",
        f"w3c/rdf-tests, commit {commit}: through a real server over HTTP, the data of each test a version of its own.",
        f"{verdicts['passed']} of {len(outcomes)} pass, {verdicts['failed']} fail, {verdicts['refused']} are refused"
        " with an error that says why.",
        "",
        f"Numbers are compared by value and datatype; in {sum(outcome.spelled for outcome in outcomes)} of those that"
        " pass some are spelt otherwise (`1.0` for `1`).",
        "The tests of SPARQL 1.0 are part of it. Left out, because the service has no such part: "
        + "; ".join(f"{part} ({', '.join(names.split())})" for part, names in LEFT_OUT.items())
        + ".",
        "",
        "| manifest | tests | passed | failed | refused |",
        "|---|---:|---:|---:|---:|",
    ]
    for manifest in dict.fromkeys(outcome.test.manifest for outcome in outcomes):
        here = Counter(outcome.verdict for outcome in outcomes if outcome.test.manifest == manifest)
        name = manifest.removeprefix("sparql/")
        lines.append(f"| {name} | {here.total()} | {here['passed']} | {here['failed']} | {here['refused']} |")
    lines += ["", "The reasons are kinds of the table in [differences.md](differences.md).", ""]
    lines += ["| test | | reason |", "|---|---|---|"]
    for outcome in outcomes:
        if outcome.verdict != "passed":
            kind = known.get(outcome.name)
            told = f"not known: {' '.join(outcome.reason.split())[:200]}"
            if kind is not None:
                told = f"{kind.form}: {kind.ours}. {kind.reason}."
            lines.append(f"| {outcome.name} | {outcome.verdict} | {told.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs W3C's SPARQL 1.1 tests through a real service.")
    parser.add_argument("folder", type=Path, help="a checkout of w3c/rdf-tests")
    parser.add_argument("--only", action="append", default=[], help="name of a manifest's folder; writes no report")
    asked = parser.parse_args()
    folder = Folder(asked.folder.resolve())
    paths = [path for path in manifests(folder.path) if not asked.only or path.parent.name in asked.only]
    if not paths:
        parser.error(f"{asked.folder} has no manifest of SPARQL tests")
    outcomes = run_all(folder, paths)
    for outcome in outcomes:
        if outcome.verdict != "passed":
            print(f"--- {outcome.test.manifest}/{outcome.test.name}: {outcome.verdict}: {outcome.reason[:1500]}\n")
    print(dict(Counter(outcome.verdict for outcome in outcomes)))
    if not asked.only:
        commit = subprocess.run(
            ["git", "-C", str(folder.path), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(report(outcomes, commit))
        print(f"written: {REPORT}")
        if unknown := unexplained(outcomes):
            sys.exit("no reason in reasons.yaml: " + ", ".join(unknown))


if __name__ == "__main__":
    main()
