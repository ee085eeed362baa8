"""For every query, the service gives the answer of Jena ARQ, or the table lists the difference.

The answers of ARQ are stored; renew.py renews them. The service answers as for clients: over HTTP, with guard,
rewriting and a worker, in alternating result formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import aggregate_generator
import differences
import httpx
import pytest
import query_generator
import renew
import sparql_answers
import verdicts
from served import Asker, write_data_sets
from sparql_answers import Answer
from sparql_cases import CASES, DATA, PUBLIC_URL, Case, features, read_cases

import tested_engine

FEWEST_CASES = 400
_REFUSALS = frozenset(("400 query-syntax", "400 query-unsupported", "400 update-refused", "403 service-forbidden"))


@pytest.fixture(scope="module")
def asker(
    tmp_path_factory: pytest.TempPathFactory, run_server: Callable[..., AbstractContextManager[object]]
) -> Iterator[Asker]:
    versions = tmp_path_factory.mktemp("differential") / "versions"
    names = write_data_sets(versions)
    refused = tested_engine.remove_refused(versions)
    with (
        run_server(
            versions, "--workers", "1", PLANGRAF_PUBLIC_URL=PUBLIC_URL, PLANGRAF_OLD_VERSIONS=str(len(names))
        ) as server,
        httpx.Client(timeout=60) as client,
    ):
        yield Asker(server.url, names, client, refused)  # type: ignore[attr-defined]


@pytest.mark.sampled(12)
@pytest.mark.parametrize("path", features(), ids=lambda path: path.stem)
def test_verdicts_behind_the_engine_of_the_run_are_the_known_ones(asker: Asker, path: Path) -> None:
    stored, pinned, found = renew.load(path.stem), differences.pinned(), {}
    for case in read_cases(path):
        answers = (renew.as_answer(stored[case.name]), pinned.get(case.id))
        refused = asker.versions[case.data] in asker.refused
        found[case.id] = verdicts.REFUSED if refused else verdicts.verdict(case, answers, asker.ask(case))
    known = verdicts.read(tested_engine.name())
    assert found == {name: known.get(name, verdicts.EQUAL) for name in found}


def test_the_page_shows_the_verdicts() -> None:
    text = verdicts.PAGE.read_text()
    assert verdicts.with_table(text) == text, "run: python tests/differential/compatibility.py ENGINE"


@pytest.mark.sampled(9)
@pytest.mark.embedded("compares with the pinned answers of the embedded engine; verdicts.json has those of others")
@pytest.mark.parametrize("path", features(), ids=lambda path: path.stem)
def test_answers_equal_those_of_jena_arq_except_for_the_listed_differences(asker: Asker, path: Path) -> None:
    stored, kinds, pinned = renew.load(path.stem), differences.known(), differences.pinned()
    spellings = differences.spellings()
    wrong = []
    cases = read_cases(path)
    for case in cases:
        if case.name not in stored or stored[case.name]["of"] != case.digest:
            wrong.append(f"{case.id}: the query or its data changed: run tests/differential/renew.py")
            continue
        found = asker.ask(case)
        compared = sparql_answers.compare(
            renew.as_answer(stored[case.name]), found, ordered=case.ordered, concat=case.concat
        )
        difference = compared.text
        if compared.spellings != spellings.get(case.id, frozenset()):
            wrong.append(f"{case.id}: numbers are spelt otherwise than known: {sorted(compared.spellings)}")
        if case.id not in kinds:
            if difference:
                wrong.append(f"{case.id}\n{case.query}\n{difference}")
            elif found.kind == "error" and found.code not in _REFUSALS:
                wrong.append(f"{case.id}: {found.code} is no refusal of a query: {found.message}")
        elif not difference:
            wrong.append(f"{case.id}: stands in differences.yaml and differs no more")
        else:
            wrong += _differences_from_pinned(case, pinned.get(case.id), found, kinds[case.id].refused)
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n\n".join(wrong)
    assert stored.keys() <= {case.name for case in cases}, "answers without a query: run tests/differential/renew.py"


def _compare(case: Case, expected: Answer, found: Answer) -> str:
    return sparql_answers.compare(expected, found, ordered=case.ordered, concat=case.concat).text


def _differences_from_pinned(case: Case, pinned: Answer | None, found: Answer, refused: str) -> list[str]:
    if pinned is None:
        return [f"{case.id}: no pinned answer: run tests/differential/look.py --pin"]
    if refused and found.code != refused:
        return [f"{case.id}: {refused} was expected, not {found}"]
    if difference := _compare(case, pinned, found):
        return [f"{case.id} differs otherwise than it did: {difference}"]
    if pinned.code != found.code:
        return [f"{case.id}: {pinned.code} was expected, not {found.code}"]
    return []


def test_there_are_enough_queries_and_every_data_set_has_some() -> None:
    cases = [case for path in features() for case in read_cases(path)]
    assert len(cases) >= FEWEST_CASES
    assert {case.data for case in cases} == {file.stem for file in DATA.glob("*.trig")}


def test_generated_queries_are_those_of_their_seeds() -> None:
    cases = read_cases(CASES / "generated.rq")
    doubtful = {int(case.name) for case in cases if case.reference}
    made = query_generator.as_cases((int(case.name) for case in cases), doubtful)
    assert made == (CASES / "generated.rq").read_text(), "run: python tests/differential/query_generator.py"
    assert query_generator.data() == (DATA / "generated.trig").read_text()
    aggregates = aggregate_generator.as_cases(0, aggregate_generator.HOW_MANY)
    assert aggregates == (CASES / "generated-aggregates.rq").read_text(), "run aggregate_generator.py"


def test_the_table_of_differences_names_cases_that_exist_and_the_readme_shows_it() -> None:
    names = {case.id for path in features() for case in read_cases(path)}
    assert differences.known().keys() <= names
    assert differences.pinned().keys() == differences.known().keys()
    text = differences.PAGE.read_text()
    assert differences.with_table(text) == text, "run: python tests/differential/differences.py --write"


ROWS = Answer("rows", ("x", "y"), (("_:a", '"1"'), ("_:b", '"2"'), ("_:b", '"2"')))


@pytest.mark.parametrize(
    "other",
    [
        Answer("rows", ("y", "x"), ROWS.rows),
        Answer("rows", ("x", "y"), ROWS.rows[:2]),
        Answer("rows", ("x", "y"), (("_:a", '"1"'), ("_:a", '"2"'), ("_:a", '"2"'))),
        Answer("rows", ("x", "y"), (("_:a", '"1"'), ("_:b", '"2"'), ("_:c", '"2"'))),
        Answer("rows", ("x", "y"), (("_:a", '"1"@en'), ("_:b", '"2"'), ("_:b", '"2"'))),
        Answer("error", code="400 query-syntax"),
    ],
    ids=["columns", "duplicates", "nodes-fused", "nodes-split", "tag", "error"],
)
def test_the_comparison_detects_differences(other: Answer) -> None:
    assert sparql_answers.compare(ROWS, other).text
    assert sparql_answers.compare(other, ROWS).text


def test_the_comparison_ignores_only_labels_order_and_forms_of_equal_numbers() -> None:
    renamed = Answer("rows", ("x", "y"), (("_:q", '"2"'), ("_:r", '"1"'), ("_:q", '"2"')))
    assert not sparql_answers.compare(ROWS, renamed).text
    assert sparql_answers.compare(ROWS, renamed, ordered=True).text
    one, other = (Answer("rows", ("x",), ((f'"{text}"^^<{sparql_answers.XSD}decimal>',),)) for text in ("1.50", "1.5"))
    assert not sparql_answers.compare(one, other).text
    assert len(sparql_answers.compare(one, other).spellings) == 1
    integer = Answer("rows", ("x",), ((f'"1"^^<{sparql_answers.XSD}integer>',),))
    decimal = Answer("rows", ("x",), ((f'"1"^^<{sparql_answers.XSD}decimal>',),))
    assert sparql_answers.compare(integer, decimal).text
