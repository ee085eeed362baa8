"""The SPARQL of docs/researchers.md as notebook and R script repeat it; run by its path, renews it there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

# The folder of doc_pages; this file is also run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import nbformat

from doc_pages import ROOT

FOLDER = ROOT / "docs" / "researchers"
NOTEBOOK = FOLDER / "ten-questions.ipynb"
SCRIPT = FOLDER / "ten-questions.R"
_PAGE = ROOT / "docs" / "researchers.md"
_IN_PYTHON = re.compile(r'(question_(\d+) = service\.sparql\(\s*"""\n)(.*?)("""\s*\))', re.DOTALL)
_IN_R = re.compile(r'(question_(\d+) <- answer\(\d+, sparql\(r"---\(\n)(.*?)(\)---")', re.DOTALL)


def page_queries() -> dict[int, str]:
    """The SPARQL text of each question of the page that has one, by its number."""
    sections = re.split(r"^### (\d+)\. ", _PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for number, section in zip(sections[1::2], sections[2::2], strict=True):
        if texts := re.findall(r"^```sparql\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
            (found[int(number)],) = texts
    return found


def read_notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def notebook_queries() -> dict[int, str]:
    text = "\n".join(cell.source for cell in read_notebook().cells if cell.cell_type == "code")
    return {int(match[2]): match[3] for match in _IN_PYTHON.finditer(text)}


def script_queries() -> dict[int, str]:
    return {int(match[2]): match[3] for match in _IN_R.finditer(SCRIPT.read_text(encoding="utf-8"))}


def renew() -> None:
    """Writes the page's texts into notebook and script."""
    known = page_queries()

    def renewed(match: re.Match[str]) -> str:
        return f"{match[1]}{known[int(match[2])]}{match[4]}"

    notebook = read_notebook()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = _IN_PYTHON.sub(renewed, cell.source)
    nbformat.write(notebook, NOTEBOOK)
    SCRIPT.write_text(_IN_R.sub(renewed, SCRIPT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    renew()
