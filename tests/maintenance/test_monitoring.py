"""Dashboard and alert rules name only metrics, labels and values that a service has; each alert has its section."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from doc_pages import anchors
from running_server import Server, running_server
from small_home import ROOT

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "plangraf.json").read_bytes())
ALERTS_FILE = ROOT / "deploy" / "prometheus" / "alerts.yml"
ALERTS = [rule for group in yaml.safe_load(ALERTS_FILE.read_text("utf-8"))["groups"] for rule in group["rules"]]
RUNBOOK = ROOT / "docs" / "runbook.md"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
# Those of Prometheus itself, and the label that a panel selects by.
_OF_PROMETHEUS, _LABELS_OF_PROMETHEUS = {"up"}, {"job", "instance", "le"}


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression with a name for it."""
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", plain(target["expr"])
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], plain(annotation["expr"])


def plain(text: str) -> str:
    """An expression of Grafana with its variables filled in."""
    return text.replace("$__rate_interval", "5m").replace("$job", "plangraf").replace("$instance", ".*")


EXPRESSIONS = dict(expressions())


def selectors(node: Any) -> Iterator[Any]:
    """The selectors of metrics in a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    elif isinstance(node, promql_parser.MatrixSelector):
        yield node.vector_selector
    for name in ("expr", "lhs", "rhs", "param"):
        if (inner := getattr(node, name, None)) is not None:
            yield from selectors(inner)
    for inner in getattr(node, "args", None) or ():
        yield from selectors(inner)


@pytest.fixture(scope="module")
def metrics(light_versions: Path) -> dict[str, list[dict[str, str]]]:
    """The samples of a running service that was asked something: their labels, by name."""
    server: Server
    with running_server(light_versions) as server:
        for query in ("ASK {}", "ASK {}", "SELECT * { ?s ?p ?o } LIMIT 1", "no query"):
            httpx.get(f"{server.url}/sparql", params={"query": query})
        # A worker is replaced; a counter is not there before it counts.
        late = httpx.get(f"{server.url}/sparql", params={"query": RUNAWAY, "timeout": "0.2"})
        assert late.status_code == 503
        text = httpx.get(f"{server.url}/metrics").text
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(text):
        # A counter without a sample yet is known by its family.
        found.setdefault(f"{family.name}_total" if family.type == "counter" else family.name, [])
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_each_metric_and_label_of_an_expression_is_there(name: str, metrics: dict[str, list[dict[str, str]]]) -> None:
    found = list(selectors(promql_parser.parse(EXPRESSIONS[name])))
    assert found
    for selector in found:
        assert selector.name in metrics or selector.name in _OF_PROMETHEUS, selector.name
        known = {label for labels in metrics.get(selector.name, []) for label in labels} | _LABELS_OF_PROMETHEUS
        asked = {matcher.name for matcher in selector.matchers.matchers}
        if metrics.get(selector.name):
            assert asked <= known, asked - known


def test_a_metric_that_no_service_has_would_be_found(metrics: dict[str, list[dict[str, str]]]) -> None:
    (selector,) = selectors(promql_parser.parse("sum(rate(plangraf_request_total[5m])) > 1"))
    assert selector.name == "plangraf_request_total"
    assert selector.name not in metrics


def test_every_metric_of_the_service_is_on_the_dashboard(metrics: dict[str, list[dict[str, str]]]) -> None:
    asked = {
        selector.name
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
        for selector in selectors(promql_parser.parse(plain(target["expr"])))
    }
    left = {name for name in metrics if name.startswith("plangraf_")} - asked
    assert {name for name in left if not re.search(r"_(created|sum|count|seconds)$", name)} == set()


def test_outcomes_and_reasons_that_alerts_select_are_those_of_the_code() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "service" / "plangraf").rglob("*.py"))
    asked = set()
    for name, text in EXPRESSIONS.items():
        for label, value in re.findall(r'(outcome|reason)="([^"]+)"', text):
            asked.add(value)
            assert re.search(rf'"{value}"', code), (name, label, value)
    assert asked == {"hit", "overloaded", "timeout", "oversized", "crashed", "memory"}


def test_the_rules_are_those_of_prometheus() -> None:
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names) > 10
    for rule in ALERTS:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"].endswith(".")
    if (promtool := shutil.which("promtool")) is not None:
        run = subprocess.run([promtool, "check", "rules", str(ALERTS_FILE)], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_each_alert_leads_to_its_section_of_the_runbook(rule: dict[str, Any]) -> None:
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert ROOT / path == RUNBOOK
    assert anchor == rule["alert"].lower()
    assert anchor in anchors(RUNBOOK)


def test_panels_of_the_dashboard_have_a_place_of_their_own() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "${datasource}"
