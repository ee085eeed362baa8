"""The README's tables are made from the code; `python tests/service/test_readme.py` writes them anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plangraf import errors
from plangraf.queries import load_queries
from plangraf.settings import Settings
from plangraf.web.problems import status_of

README = Path(__file__).resolve().parents[2] / "README.md"


def query_rows() -> Iterator[str]:
    for name, query in sorted(load_queries(README.parent / "queries").items()):
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
    offline = {errors.DataError, errors.SettingError, errors.VersionsError, errors.AnswerBrokenError}
    unique = {error.code: error for error in found if error not in offline}
    for code, error in sorted(unique.items(), key=lambda item: (status_of(item[1]), item[0])):
        yield f"| `{code}` | {status_of(error)} | {error.title} |"


def setting_rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        default = field.default if field.default_factory is None else "found beside the package"
        shown = {None: "–", (): "–"}.get(default, default) if not isinstance(default, list) else default
        yield f"| `PLANGRAF_{name.upper()}` | {shown} | {field.description} |"


TABLES = {"queries": query_rows, "errors": error_rows, "settings": setting_rows}


def with_table(text: str, name: str) -> str:
    body = "\n".join(TABLES[name]())
    return re.sub(
        f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)",
        lambda match: f"{match[1]}{body}\n{match[2]}",
        text,
        flags=re.DOTALL,
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_readme_is_fresh(name: str) -> None:
    text = README.read_text()
    assert with_table(text, name) == text


if __name__ == "__main__":
    text = README.read_text()
    for table in TABLES:
        text = with_table(text, table)
    README.write_text(text)
    sys.exit(0)
