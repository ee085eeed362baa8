"""Pages of kinds are files: the service shows what they declare, and reports their errors by file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from plangraf.diagnostics.diagnostic import DataError
from plangraf.pages.things.kind_files import load_kinds
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES
from plangraf.sparql.named.collection_files import load_collections
from small_home import ROOT

KIND = """\
class: plan:Plan
name: {nb: Plan, en: Plan}
list: plans
slots:
  number: plan:number
sentence:
  nb: "[Plan {number}|En plan]."
  en: "[Plan {number}|A plan]."
sections:
  - name: why
    title: {nb: Hvorfor, en: Why}
    parts:
      - path: [^plan:linkedPlan, plan:linkedPerspective]
        order: plan:position
        more: {list: perspectives, filter: municipality, key: number}
"""


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    (tmp_path / "queries" / "pages").mkdir(parents=True)
    (tmp_path / "queries" / "pages" / "plan.yaml").write_text(KIND, encoding="utf-8")
    return tmp_path / "queries"


def test_the_project_declares_a_page_for_each_kind_that_people_read() -> None:
    queries = ROOT / "queries"
    kinds = load_kinds(queries, load_collections(queries))
    classes = {
        *(PLAN + name for name in ("Plan", "PlanningStrategy", "Perspective", "Goal", "SubGoal", "Measure")),
        *(PLAN + name for name in ("PolicyArea", "PlatformSection", "Commitment", "GoverningDocument", "Case")),
        *(PLAN + name for name in ("Decision", "PoliticalBody", "Figure", "SourceDocument", "Municipality")),
        *(PLAN + name for name in ("InterpretedLink", "PoliticalPlatform")),
        *(PREFIXES["sdgo"] + name for name in ("Goal", "Target")),
        PREFIXES["dcat"] + "Dataset",
    }
    assert classes <= {class_.value for class_ in kinds.by_class}
    assert kinds.nouns[ID + "scheme/document-kind/kommunedelplan"].nb == "en kommunedelplan"


def test_a_thing_of_two_kinds_has_the_page_of_the_lower_position() -> None:
    kinds = load_kinds(ROOT / "queries")
    both = [NamedNode(PLAN + "Plan"), NamedNode(PLAN + "GoverningDocument")]
    chosen = kinds.of(both)
    assert chosen is not None
    assert chosen is kinds.of(reversed(both))
    assert chosen.name == "plan"


def test_a_page_follows_the_paths_that_its_file_declares(queries: Path) -> None:
    kind = load_kinds(queries).of([NamedNode(PLAN + "Plan")])
    assert kind is not None
    (link,) = kind.frame.reverse.values()
    assert {name.value for name in link.forward} == {PLAN + "linkedPerspective", PLAN + "position"}
    assert [name.value for name in kind.frame.forward] == [PLAN + "number"]


def test_a_home_without_pages_has_no_kinds(tmp_path: Path) -> None:
    assert not load_kinds(tmp_path / "queries").by_class


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("class: plan:Plan", "class: Plan", 1, "class"),
        ("class: plan:Plan", "class: [plan:Plan", 2, "not YAML"),
        ("name: {nb: Plan, en: Plan}", "name: {nb: Plan}", 2, "name.en"),
        ("list: plans", "list: plan", 3, "There is no list plan"),
        ("list: perspectives", "list: perspektiv", 15, "There is no list perspektiv"),
        ("[Plan {number}|En plan].", "[Plan {nummer}|En plan].", 1, "names the slot nummer"),
        ("[Plan {number}|En plan].", "[Plan {number}|En plan.", 1, "lacks its `]`"),
        (
            "  number: plan:number",
            "  number: plan:number\n  start: plan:startYear",
            1,
            "no sentence uses the slot start",
        ),
        ("[^plan:linkedPlan, ", "[^nowhere:linkedPlan, ", 13, "none of the project's prefixes"),
        ("        order:", "        layout: table\n        order:", 13, "a table needs notes"),
        ("        order:", "        layout: cloud\n        order:", 14, "layout"),
        ("    parts:", "    table: {query: 'SELECT x', columns: {a: {nb: a, en: a}}}\n    parts:", 10, "either parts"),
        ("  - name: why", "  - naming: why", 10, "sections.0.name: Field required"),
    ],
)
def test_an_invalid_file_is_reported_with_file_and_line(
    queries: Path, old: str, new: str, line: int, part: str
) -> None:
    lists = load_collections(ROOT / "queries")
    load_kinds(queries, lists)
    assert old in KIND
    (queries / "pages" / "plan.yaml").write_text(KIND.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_kinds(queries, lists)
    found = caught.value.problems[0]
    assert (found.place.file, found.place.line) == ("queries/pages/plan.yaml", line), found
    assert part in found.en
    assert found.nb != found.en


def test_a_query_that_cannot_be_parsed_is_reported(queries: Path) -> None:
    table = "    table:\n      query: SELECT ?a WHERE { $this ?p }\n      columns: {a: {nb: A, en: B}}\n"
    text = KIND[: KIND.index("    parts:")] + table
    (queries / "pages" / "plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"plan\.yaml:13: The query of the section why cannot be used"):
        load_kinds(queries)


def test_two_files_cannot_declare_one_class(queries: Path) -> None:
    shutil.copy(queries / "pages" / "plan.yaml", queries / "pages" / "second.yaml")
    with pytest.raises(DataError, match=r"second\.yaml:1: .*has a page already, in plan\.yaml"):
        load_kinds(queries)
