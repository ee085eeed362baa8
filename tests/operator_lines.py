"""The lines that an operator can meet: messages of errors and of the log, as the code has them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1] / "service" / "plangraf"
# Errors whose message is for operators; SettingError begins with the name of a setting.
_ERRORS = {"VersionsError", "LockedError", "BackupError"}
_TOLD = {"_tell", "print", "write_error"}
_LOGGED = {"error", "warning"}
GAP = "…"


def operator_lines() -> Iterator[tuple[str, str]]:
    """Where each stands, and its text, with a gap for each value."""
    calls = tuple(f"{name}(" for name in (*_ERRORS, *_TOLD, *(f"log.{level}" for level in _LOGGED)))
    for path in sorted(_PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        # Parsing all files would take a second of each run of tests.
        for node in ast.walk(ast.parse(text)) if any(call in text for call in calls) else ():
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            text = _text(node.args[0])
            logged = name in _LOGGED and getattr(getattr(node.func, "value", None), "id", "") == "log"
            told = name in _TOLD and "plangraf" in text and path.parent.name in ("cli", "serving", "replica")
            if text.strip(GAP) and (name in _ERRORS or logged or told or name == "_tell"):
                yield f"{path.relative_to(_PACKAGE)}:{node.lineno}", text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else GAP for part in node.values)
    return ""
