"""Short tests of the speed harness: its data are as specified, and its queries have correct, non-empty answers.

No time is asserted here: `make bench` measures.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, QueryTriples, RdfFormat, Store, parse

from benchmarks import answers, generate, memory, results_table, scaling, workload
from benchmarks.answers import Answer
from benchmarks.client import Job, run
from benchmarks.measure import Findings, Options, Questions, Sample, measures, percentile
from benchmarks.peers import Place, plangraf
from benchmarks.results_table import Line
from benchmarks.workload import CSV, TURTLE, Question
from local_server import run_in_thread

SIZE = 20_000
TEMPLATES = workload.templates()


@dataclass(frozen=True)
class Served:
    """Generated data, the service over them, and an engine in this process that holds the same triples."""

    endpoint: str
    data: generate.Data
    store: Store
    questions: Questions


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> generate.Data:
    return generate.write(tmp_path_factory.mktemp("generated"), SIZE)


@pytest.fixture(scope="module")
def served(data: generate.Data, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    generate.write_version(data, folder / "versions")
    store = Store()
    store.bulk_load(path=str(data.ntriples), format=RdfFormat.N_TRIPLES)
    peer = plangraf("plangraf", "--workers", "1")
    peer.start(Place(data, folder / "versions", folder))
    try:
        yield Served(peer.endpoint, data, store, Questions(TEMPLATES, data.pools, 7))
    finally:
        peer.stop()


def test_lines_are_sorted_and_unique(data: generate.Data) -> None:
    lines = data.nquads.read_bytes().splitlines()
    assert all(before < after for before, after in itertools.pairwise(lines))


def test_no_triple_is_in_two_graphs(data: generate.Data) -> None:
    triples = data.ntriples.read_bytes().splitlines()
    assert len(set(triples)) == len(triples) == data.triples == sum(data.graphs.values())


@pytest.mark.parametrize("size", [10_000, SIZE, 100_000])
def test_size_is_the_one_asked_for_within_two_per_cent(size: int) -> None:
    assert size <= sum(1 for _ in generate.lines(size)) <= size * 1.02


def test_same_seed_gives_the_same_lines_and_another_seed_others(data: generate.Data) -> None:
    assert "\n".join(generate.lines(SIZE)) + "\n" == data.nquads.read_text(encoding="utf-8")
    assert list(generate.lines(SIZE)) != list(generate.lines(SIZE, seed=8))


def test_lines_have_the_form_of_the_engine(data: generate.Data) -> None:
    written = {f"{quad} ." for quad in parse(path=data.nquads, format=RdfFormat.N_QUADS)}
    assert written == set(data.nquads.read_text(encoding="utf-8").splitlines())


def test_every_municipality_of_norway_is_there(data: generate.Data) -> None:
    text = data.ntriples.read_text(encoding="utf-8")
    assert text.count("<https://w3id.org/plangraf/ontology#municipalityNumber>") == 357


@pytest.mark.parametrize(
    "template",
    # The largest answer: the tests of streaming read as much in `make test`.
    [pytest.param(one, id=one.name, marks=[pytest.mark.slow] * (one.name == "statements")) for one in TEMPLATES],
)
def test_service_answers_as_the_engine_in_this_process_does(template: workload.Template, served: Served) -> None:
    found = 0
    for question in served.questions.of[template.name][:5]:
        given = _asked(served, question)
        if template.any_rows:
            assert answers.is_selection_from(given, answers.statements(served.data.ntriples), served.data.triples)
        else:
            assert given.agrees(_in_process(served.store, question)), question.text
        found += len(given.rows)
    assert found


def test_service_gives_all_statements_as_csv(served: Served) -> None:
    given = _asked(served, served.questions.bulk["statements.csv"])
    rows = answers.as_text(answers.statements(served.data.ntriples))
    assert answers.is_selection_from(given, rows, served.data.triples)


def test_load_client_gets_complete_answers_for_several_clients(served: Served) -> None:
    question = served.questions.of["plan-by-iri"][0]
    outcome = run(served.endpoint, Job([question], clients=4, seconds=30, most=20, keep=True))
    assert (outcome.failed, len(outcome.bodies)) == (0, 20)
    expected = _in_process(served.store, question)
    assert all(answers.read(question, body).agrees(expected) for body in outcome.bodies)


def test_load_client_reports_error_answers(served: Served) -> None:
    outcome = run(served.endpoint, Job([Question("wrong", "SELECT * WHERE { ?s ?p }", workload.JSON)], most=2))
    assert outcome.seconds == []
    assert outcome.failed == 2
    assert outcome.failure.startswith("status 400: ")


def test_unseen_requests_are_distinct_and_seen_ones_equal() -> None:
    asked: list[str] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Prints nothing, because the test records the requests."""

    question = Question("any", "ASK { ?s ?p ?o }", workload.JSON)
    with run_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Recorder)) as url:
        for salt in (1, 2):
            job = Job([question], clients=2, most=10, salt=salt)
            assert len(run(f"{url}/sparql", job).seconds) == 10
        unseen = set(asked)
        run(f"{url}/sparql", Job([question], most=10, unseen=False))
    assert len(unseen) == 20
    assert len(set(asked) - unseen) == 1
    for path in asked:
        (text,) = parse_qs(urlsplit(path).query)["query"]
        assert Store().query(text) is not None


def test_mix_asks_the_point_query_most_and_never_the_longest_result(served: Served) -> None:
    names = [served.questions.mix[index].name for index in served.questions.mix_order]
    assert max(set(names), key=names.count) == "plan-by-iri"
    assert "statements" not in names
    assert set(names) == {template.name for template in TEMPLATES if template.weight}


def test_wrong_answer_is_found_by_a_majority_of_independent_engines() -> None:
    right, wrong = Answer(((("number", "", "", 2.0),),)), Answer(((("number", "", "", 3.0),),))
    near = Answer(((("number", "", "", 2.0 + 1e-9),),))
    families = {"a": "x", "b": "x", "c": "y", "d": "z"}
    # Two servers of one engine are one voice.
    assert answers.judge({"a": wrong, "b": wrong, "c": right, "d": near}, families) == {
        "a": "wrong",
        "b": "wrong",
        "c": "right",
        "d": "right",
    }
    assert set(answers.judge({"a": wrong, "b": wrong, "c": right}, families).values()) == {"disputed"}


_XSD = "http://www.w3.org/2001/XMLSchema#"
_DECIMAL = {"type": "literal", "value": "1.50", "datatype": _XSD + "decimal"}
_DOUBLE = {"type": "literal", "value": "1.5E0", "datatype": _XSD + "double"}
_TEXT = {"type": "literal", "value": "1.5"}
_TYPED = {"type": "typed-literal", "value": "1.5", "datatype": _XSD + "string"}
_NORWEGIAN = {"type": "literal", "value": "1.5", "xml:lang": "nb"}
_IRI = {"type": "uri", "value": "1.5"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (_DECIMAL, _DOUBLE, True),
        (_TEXT, _TYPED, True),
        (_DECIMAL, _TEXT, False),
        (_TEXT, _NORWEGIAN, False),
        (_TEXT, _IRI, False),
    ],
)
def test_answers_are_compared_by_what_they_mean(one: dict[str, str], other: dict[str, str], same: bool) -> None:
    question = Question("any", "", workload.JSON)
    first, second = (
        answers.read(question, json.dumps({"head": {"vars": ["v"]}, "results": {"bindings": [{"v": term}]}}).encode())
        for term in (one, other)
    )
    assert first.agrees(second) is same


def test_ratios_say_how_many_times_better_plangraf_is() -> None:
    findings = Findings()
    for peer, times, rps in (("plangraf", (2.0, 1.0, 3.0), 100.0), ("slow", (8.0, 9.0, 7.0), 25.0)):
        findings.samples += [Sample("q/seen", peer, n, {"p50": time}) for n, time in enumerate(times)]
        findings.samples.append(Sample("mix", peer, 0, {"rps": rps}))
    findings.samples += [Sample("q/seen", "wrong", 0, {}, "wrong")]
    findings.verdicts["q"] = {"plangraf": "right", "slow": "right", "wrong": "wrong"}
    peers = ["plangraf", "slow", "wrong", "gone"]
    wanted = [Line("q", "ms", "q/seen", "p50"), Line("mix", "answers/s", "mix", "rps")]
    found = results_table.rows(wanted, findings, peers, {"gone": "not installed"})
    assert [found[0].cells[peer].value for peer in peers] == [2.0, 8.0, None, None]
    assert [row.cells["slow"].ratio for row in found] == [4.0, 4.0]
    assert results_table.markdown(found, peers).splitlines() == [
        "|  | unit | plangraf | slow | wrong | gone |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        "| q | ms | 2.00 | 8.00 (×4.00) | wrong | absent |",
        "| mix | answers/s | 100 | 25.0 (×4.00) | – | absent |",
    ]


def test_failed_answers_show_beside_the_value() -> None:
    findings = Findings([Sample("mix", "plangraf", 0, {"rps": 5.0, "failed": 3.0}, "status 429")])
    found = results_table.rows([Line("mix", "answers/s", "mix", "rps")], findings, ["plangraf"], {})
    assert results_table.markdown(found, ["plangraf"]).endswith("| mix | answers/s | 5.00 3 failed |")


def test_growth_is_0_for_flat_and_1_for_linear() -> None:
    assert scaling.growth(3.0, 3.0, 50) == 0
    assert scaling.growth(3.0, 150.0, 50) == pytest.approx(1)


def test_percentile_is_the_nearest_rank() -> None:
    assert [percentile(list(range(1, 101)), share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([7.0], 0.99) == 7.0


def test_every_measure_of_a_round_has_a_row_in_the_table(served: Served) -> None:
    shown = {line.measure for line in results_table.lines(TEMPLATES, 16, 100_000)}
    measured = {measure.key for measure in measures(served.questions, Options(1.0, 1, 16))}
    assert measured <= shown


@pytest.mark.slow
def test_memory_is_told_for_each_kind_of_process_and_stays_within_the_aim(data: generate.Data, tmp_path: Path) -> None:
    generate.write_version(data, tmp_path / "versions")
    found = dict(memory.measure(tmp_path / "versions", data, 0.3, only="^mix/clients$"))
    assert list(found) == ["peak of the start", "idle", "mix/clients", "idle again"]
    for state in found.values():
        assert all(state.mib[kind] > 1 for kind in memory.KINDS)
        assert state.total == pytest.approx(sum(state.mib.values()))
        assert state.total < 400
    idle = found["idle"]
    assert (idle.number["supervisor"], idle.number["http"], idle.number["loader"]) == (1, 2, 1)
    assert idle.number["worker"] >= 8


def _asked(served: Served, question: Question) -> Answer:
    outcome = run(served.endpoint, Job([question], most=1, keep=True, timeout_s=30))
    assert outcome.bodies, outcome.failure
    return answers.read(question, outcome.bodies[0])


def _in_process(store: Store, question: Question) -> Answer:
    result = store.query(question.text)
    body = io.BytesIO()
    if question.accept == TURTLE:
        assert isinstance(result, QueryTriples)
        result.serialize(body, RdfFormat.TURTLE)
    else:
        assert isinstance(result, QuerySolutions)
        result.serialize(body, QueryResultsFormat.CSV if question.accept == CSV else QueryResultsFormat.JSON)
    return answers.read(question, body.getvalue())
