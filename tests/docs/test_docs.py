"""README and docs agree with the code; `python tests/docs/test_docs.py` renews their tables."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from pathlib import Path

# The folder of doc_pages and benchmarks; this file is also run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest
from typer.main import get_command

from doc_pages import PAGES, README, ROOT, anchors, code_spans, name_of, prose, shell_lines
from generated_tables import PACKAGE, TABLES, with_tables
from plangraf.cli.__main__ import app
from plangraf.settings import Settings

ARCHITECTURE = ROOT / "docs" / "architecture.md"
CONTRIBUTORS = ROOT / "docs" / "contributors.md"
TOP_FOLDERS = ("ontology", "shapes", "data", "queries", "service", "tests", "docs", "deploy", ".ci")
of_each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@of_each_page
def test_the_tables_of_a_page_are_fresh(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert with_tables(text) == text


@pytest.mark.parametrize("table", TABLES)
def test_each_table_is_in_one_page_only(table: str) -> None:
    assert sum(page.read_text(encoding="utf-8").count(f"<!-- {table}:begin -->") for page in PAGES) == 1


def test_the_readme_is_short_and_leads_to_every_page_of_docs() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.encode()) <= 8 * 1024
    assert {page.name for page in PAGES if page.parent == ROOT / "docs"} == set(
        re.findall(r"\]\(docs/([\w.]+)\)", text)
    )


@of_each_page
def test_links_and_anchors_of_a_page_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@of_each_page
def test_files_and_folders_that_a_page_names_exist(page: Path) -> None:
    for span in code_spans(page):
        for word in span.split():
            if word.partition("/")[0] in TOP_FOLDERS and "/" in word and not re.search(r"[<*…]", word):
                assert (ROOT / word).exists(), word


@of_each_page
def test_commands_of_a_page_parse(page: Path) -> None:
    for line in shell_lines(page):
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words[:1] == ["plangraf"]:
            command, rest = subcommand(words[1:])
            command.make_context(words[0], rest)  # an unknown option or a missing argument raises


@of_each_page
def test_commands_and_options_that_a_page_mentions_exist(page: Path) -> None:
    for span in code_spans(page):
        words = span.split()
        if words[:1] == ["plangraf"]:
            command, rest = subcommand(words[1:])
            known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
            assert {word for word in rest if word.startswith("-")} <= known, span


def subcommand(words: list[str]) -> tuple[object, list[str]]:
    """The command that the words name, and the remaining words."""
    command = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@of_each_page
def test_make_targets_that_a_page_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for text in (*shell_lines(page), *code_spans(page)):
        if match := re.match(r"make ([a-z-]+)", text):
            assert match[1] in targets, text


@of_each_page
def test_settings_and_queries_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    settings = {f"PLANGRAF_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"PLANGRAF_[A-Z][A-Z_]*", text)) <= settings
    for query in re.findall(r"(?<![\w/])/queries/([a-z-]+)", text):
        assert (ROOT / "queries" / f"{query}.rq").exists(), query


def test_every_dependency_has_its_reason_and_no_reason_is_left_over() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert project["dependencies"] == []
    named = {re.split(r"[<>=]", line)[0] for lines in extras.values() for line in lines} - {"plangraf[server]"}
    section = README.read_text(encoding="utf-8").partition("## Why each dependency is there\n")[2].partition("\n## ")[0]
    tools = CONTRIBUTORS.read_text(encoding="utf-8").partition("## Tools of the tests\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| ") and "package |" not in line]
    listed = {name for row in rows for name in row[-2].strip().split(", ") if not name.startswith("[")}
    assert listed <= named
    for name in named - listed:
        assert re.search(rf"\b{name}\b", tools), name
    for extra, name in ((row[0].strip(" `"), row[1]) for row in rows if len(row) == 3):
        packages = {re.split(r"[<>=]", line)[0] for line in extras[extra]}
        assert name.strip().startswith("[") or set(name.strip().split(", ")) <= packages, extra


def test_each_way_of_the_architecture_passes_modules_that_exist() -> None:
    ways = ARCHITECTURE.read_text(encoding="utf-8").split("\n## ")[1:]
    assert len(ways) == 11
    for way in ways:
        modules = re.findall(r"^\d+\. `([\w/]+\.py)`", way, re.MULTILINE)
        assert len(modules) >= 3, way.partition("\n")[0]
        for module in re.findall(r"`([\w/]+\.py)`", way):
            assert (PACKAGE / module).is_file(), module


if __name__ == "__main__":
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(with_tables(text), encoding="utf-8")
    sys.exit(0)
