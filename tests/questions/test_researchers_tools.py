"""The ten questions in the tools of researchers: the notebook and the R script, run against a real service.

Their answers are compared with those of the same queries, which test_ten_questions.py compares with the documents.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from page_queries import SCRIPT, notebook_queries, page_queries, read_notebook, script_queries

from doc_pages import ROOT

sys.path.insert(0, str(ROOT / "tests" / "client"))

from faulty_server import Scripted, faulty_server

Rows = Callable[..., list[dict[str, str]]]
Table = list[dict[str, str]]
PRINTED_ADDRESS = "http://127.0.0.1:8000"
QUESTIONS = range(1, 11)
NAMED: dict[int, tuple[str, dict[str, str]]] = {
    1: ("compare-municipalities", {"areas": "5001"}),
    3: ("figures-and-statistics", {"status": "tied", "assume": "document", "tolerance": "1"}),
    4: ("promise-to-decision", {}),
    9: ("edges", {}),
    10: ("observations", {"table": "99001", "area": "5001,5055"}),
}
# Pairs of perspectives with the number of targets that both name; test_ten_questions.py has the targets.
HEAVIEST = ["7 10 6", "3 12 5", "6 7 5", "6 11 5", "2 3 4", "4 13 4", "1 5 3", "2 5 3"]
TOLD = (
    "The service has 0 tables, and none with values for 5001 and 5055. Import one and build again:\n"
    "  plangraf import-statistics https://data.ssb.no/api/pxwebapi/v2/tables/07459/data --select Region=5001,5055\n"
    "  plangraf build\n"
    "docs/researchers.md says more: National statistics, and Areas over time for the numbers before a reform.\n"
)
needs_r = pytest.mark.skipif(not shutil.which("Rscript"), reason="no Rscript; named at the end of the run")


@pytest.fixture
def expected(rows: Rows) -> Callable[[int], Table]:
    """The rows of a question as the service has them."""

    def ask(question: int) -> Table:
        if question not in NAMED:
            return rows(page_queries()[question])
        name, parameters = NAMED[question]
        found = rows(name, lang="en", **parameters)
        return [row for row in found if row["link"] == "perspective-target"] if question == 9 else found

    return ask


def comparable(text: str) -> str | Decimal:
    """A cell without the form of its number and of its truth value, which differ between the tools."""
    with suppress(InvalidOperation):
        return Decimal(text).normalize()
    return {"True": "true", "False": "false"}.get(text, text)


def same(found: Table, wanted: Table) -> bool:
    assert [list(row) for row in found[:1]] == [list(row) for row in wanted[:1]]
    assert len(found) == len(wanted) > 0
    for one, other in zip(found, wanted, strict=True):
        assert {name: comparable(text) for name, text in one.items()} == {
            name: comparable(text) for name, text in other.items()
        }
    return True


def read_table(text: str) -> Table:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_notebook_and_script_have_the_queries_of_the_page() -> None:
    """`python tests/questions/page_queries.py` renews them."""
    assert notebook_queries() == page_queries()
    assert script_queries() == page_queries()


def test_the_notebook_is_stored_without_outputs() -> None:
    notebook = read_notebook()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    headings = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert [int(text[3:].partition(".")[0]) for text in headings if text.startswith("## ") and text[3].isdigit()] == [
        *QUESTIONS
    ]


@pytest.fixture(scope="module")
def executed(made_url: str, tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    return execute(made_url, tmp_path_factory.mktemp("notebook"))


def execute(url: str, folder: Path) -> nbformat.NotebookNode:
    """The notebook after a run, with one more cell that prints all answers."""
    notebook = read_notebook()
    for cell in notebook.cells:
        cell.source = cell.source.replace(PRINTED_ADDRESS, url)
    answers = ", ".join(f"'{n}': question_{n}.to_csv(index=False)" for n in QUESTIONS)
    lines = ["import json", f"print(json.dumps({{{answers}, 'pairs': pairs.to_csv(index=False)}}))"]
    notebook.cells.append(nbformat.v4.new_code_cell("\n".join(lines)))
    return NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()


@pytest.fixture(scope="module")
def answers(executed: nbformat.NotebookNode) -> dict[str, Table]:
    (output,) = executed.cells[-1].outputs
    return {name: read_table(text) for name, text in json.loads(output.text).items()}


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_notebook_answers_a_question(
    answers: dict[str, Table], expected: Callable[[int], Table], question: int
) -> None:
    assert same(answers[str(question)], expected(question))


def test_the_notebook_finds_the_heaviest_pairs(answers: dict[str, Table], rows: Rows) -> None:
    numbers = {row["title"]: row["number"] for row in rows("perspectives")}
    pairs = [f"{numbers[row['one']]} {numbers[row['other']]} {row['shared']}" for row in answers["pairs"][:8]]
    assert pairs == HEAVIEST


def test_the_notebook_draws_three_pictures_and_cites_its_version(
    executed: nbformat.NotebookNode, answers: dict[str, Table]
) -> None:
    outputs = [output for cell in executed.cells[:-1] for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    pictures = [
        base64.b64decode(data["image/png"]) for output in outputs if "image/png" in (data := output.get("data", {}))
    ]
    assert len(pictures) == 3
    assert all(len(picture) > 8 * 1024 for picture in pictures)
    assert "@misc{plangraf-" in outputs[-1].text


@pytest.mark.slow
def test_without_statistics_the_notebook_says_which_table_to_import(url: str, tmp_path: Path) -> None:
    executed = execute(url, tmp_path)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    (told,) = [text for output in outputs if (text := output.get("text", "")).startswith("The service has 0 tables")]
    assert told == TOLD
    assert read_table(json.loads(outputs[-1].text)["10"]) == []


@pytest.mark.slow
@needs_r
def test_without_statistics_the_script_in_r_says_which_table_to_import(url: str, tmp_path: Path) -> None:
    run = run_script(url, tmp_path)
    assert run.returncode == 0, run.stderr
    assert TOLD.replace("5001 and 5055", "5001,5055") in run.stdout
    assert (tmp_path / "question-10.csv").read_text().startswith('"table","tableNumber"')
    assert (tmp_path / "ten-questions.pdf").read_bytes().count(b"/Type /Page /") == 2


def run_script(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script = folder / SCRIPT.name
    script.write_text(SCRIPT.read_text(encoding="utf-8").replace(PRINTED_ADDRESS, url), encoding="utf-8")
    command = ["Rscript", "--vanilla", script.name]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def script_answers(made_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the script filled."""
    folder = tmp_path_factory.mktemp("script")
    run = run_script(made_url, folder)
    assert run.returncode == 0, run.stderr
    return folder


@pytest.mark.slow
@needs_r
@pytest.mark.parametrize("question", [number for number in QUESTIONS if number != 9])
def test_the_script_in_r_answers_a_question(
    script_answers: Path, expected: Callable[[int], Table], question: int
) -> None:
    assert same(read_table((script_answers / f"question-{question}.csv").read_text("utf-8")), expected(question))


@pytest.mark.slow
@needs_r
def test_the_script_in_r_finds_the_heaviest_pairs_and_draws(script_answers: Path) -> None:
    pairs = read_table((script_answers / "question-9.csv").read_text("utf-8"))
    assert [" ".join(row.values()) for row in pairs[:8]] == HEAVIEST
    pictures = (script_answers / "ten-questions.pdf").read_bytes()
    assert pictures.count(b"/Type /Page /") == 3


@needs_r
@pytest.mark.parametrize("chunked", [False, True])
def test_the_script_in_r_stops_when_an_answer_breaks_off(tmp_path: Path, chunked: bool) -> None:
    ready = Scripted(body=b'{"status":"ready","version":"0123456789abcdef"}', type="application/json")
    body = b"targetCode,plans\r\n" + b"11.6,22\r\n" * 40_000
    with faulty_server(ready, Scripted(body=body, type="text/csv", cut=9 * 20_000, chunked=chunked)) as faulty:
        run = run_script(faulty.url, tmp_path)
    assert run.returncode != 0
    assert len(faulty.asked) == 2
    assert not list(tmp_path.glob("question-*.csv"))
