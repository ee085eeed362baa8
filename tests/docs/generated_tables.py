"""Generates the tables of README and docs from the code; `python tests/docs/test_docs.py` writes them."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.results_table import number
from plangraf import errors
from plangraf.diagnostics.diagnostic import DataError
from plangraf.http.resource.problems import status_of
from plangraf.settings import Settings
from plangraf.sparql.named.binding import load_queries

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "service" / "plangraf"
# Errors of commands, which no HTTP client meets; their subclasses too.
_OFFLINE = (
    DataError,
    errors.BackupError,
    errors.ListError,
    errors.RemoteSourceError,
    errors.ReplicationError,
    errors.SettingError,
    errors.VersionsError,
    errors.AnswerBrokenError,
)


def query_rows() -> Iterator[str]:
    for name, query in sorted(load_queries(ROOT / "queries").items()):
        parameters = ", ".join(
            f"`{parameter}`{' (optional)' if spec.optional else ''}"
            for parameter, spec in query.head.parameters.items()
        )
        columns = ", ".join(f"`{column}`" for column in query.head.columns)
        yield f"| `{name}` | {parameters or '–'} | {columns} |"


def error_rows() -> Iterator[str]:
    found: list[type[errors.PlangrafError]] = [errors.PlangrafError]
    for error in found:
        found.extend(error.__subclasses__())
    unique = {error.code: error for error in found if not issubclass(error, _OFFLINE)}
    for code, error in sorted(unique.items(), key=lambda item: (status_of(item[1]), item[0])):
        yield f"| `{code}` | {status_of(error)} | {error.title} |"


def setting_rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        default = field.default if field.default_factory is None else "found beside the package"
        shown = {None: "–", (): "–"}.get(default, default) if not isinstance(default, list) else default
        yield f"| `PLANGRAF_{name.upper()}` | {shown} | {field.description} |"


def package_rows() -> Iterator[str]:
    """The packages in the order of the layers, the lowest first, each with the first sentence of its docstring."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    yield "| package | what it does |"
    yield "|---|---|"
    for layer in reversed(contracts[0]["layers"]):
        for module in layer.split(" | "):
            name = module.removeprefix("plangraf.")
            folder = PACKAGE / name
            source = folder / "__init__.py" if folder.is_dir() else PACKAGE / f"{name}.py"
            said = " ".join((ast.get_docstring(ast.parse(source.read_text())) or "").partition("\n\n")[0].split())
            yield f"| `{name}{'/' if folder.is_dir() else '.py'}` | {said.removesuffix('.')} |"


def speed_rows() -> Iterator[str]:
    """The most important lines of the last benchmark, with the ratio in favour of plangraf in brackets."""
    last = json.loads((ROOT / "tests" / "benchmarks" / "results" / "latest.json").read_text())
    about, peers = last["about"], [name for name in SPEED_PEERS if not _absent(last, name)]
    triples = f"{about['triples']:,}".replace(",", " ")
    yield f"Of {about['date']}, commit {about['commit']}, {triples} triples, {about['cores']} cores:"
    yield ""
    yield f"| | {' | '.join(peers)} |"
    yield "|---|" + "---:|" * len(peers)
    cells = {(row["line"]["measure"], row["line"]["field"]): row["cells"] for row in last["rows"]}
    for (measure, field), label in SPEED_LINES.items():
        shown = []
        for name in peers:
            cell = cells[measure, field][name]
            ratio = f" (×{number(cell['ratio'])})" if cell["ratio"] and name != "plangraf" else ""
            shown.append(f"{number(cell['value'])}{ratio}" if cell["value"] is not None else cell["note"])
        yield f"| {label} | {' | '.join(shown)} |"


def _absent(last: dict[str, Any], name: str) -> bool:
    return next((bool(peer["absent"]) for peer in last["peers"] if peer["name"] == name), True)


SPEED_PEERS = ("plangraf", "oxigraph serve (memory)", "oxigraph serve (disk)", "rdflib-endpoint", "Virtuoso", "Fuseki")
SPEED_LINES = {
    ("plan-by-iri/unseen", "p50"): "one plan, unseen, ms",
    ("plan-by-iri/seen/clients", "rps"): "one plan, seen before, 16 clients, answers/s",
    ("targets-by-perspective-number/unseen", "p50"): "matrix over everything, unseen, ms",
    ("targets-by-perspective-number/seen/clients", "rps"): "matrix, seen before, 16 clients, answers/s",
    ("mix", "rps"): "Zipf mix of 1 000 queries, 1 client, answers/s",
    ("mix/clients", "rps"): "the mix, 16 clients, answers/s",
    ("statements.json", "p50"): "100 000 rows as JSON, ms",
    ("statements.json", "first_byte"): "… first byte, ms",
    ("load", "seconds"): "start with the data loaded, s",
    ("memory", "mib"): "peak memory (PSS), MiB",
}
TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "queries": query_rows,
    "errors": error_rows,
    "settings": setting_rows,
    "packages": package_rows,
    "speed": speed_rows,
}


def with_tables(text: str) -> str:
    """A page with the present tables between its markers."""
    for name, rows in TABLES.items():
        if f"<!-- {name}:begin -->" in text:
            body = "\n".join(rows())
            pattern = f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)"
            text = re.sub(pattern, lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text, flags=re.DOTALL)
    return text
