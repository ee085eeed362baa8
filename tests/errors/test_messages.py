"""What an error says to people is a message: a text that the code puts together would be English on each page."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from plangraf import errors
from small_home import ROOT

PACKAGE = ROOT / "service" / "plangraf"
# Programs alone meet what these say: assistants, and clients whose bytes are not a request.
FOR_PROGRAMS = ("http/assistants/", "http/server/")
# Errors of commands, and those of a worker, which its parent says to readers in its own words.
ELSEWHERE = ("operating.py", "worker.py")
SAID = {"Refusal", "Correction", "Explanation", "EndpointError", "UnsupportedError"}


def raised() -> set[str]:
    found, left = set(SAID), [errors.RequestError, errors.EngineError, errors.FeedDamagedError]
    while left:
        kind = left.pop()
        found.add(kind.__name__)
        left += kind.__subclasses__()
    return found


def texts(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions of an argument that put a text together."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.BinOp | ast.BoolOp):
        for one in ast.iter_child_nodes(node):
            if isinstance(one, ast.expr):
                yield from texts(one)
    elif isinstance(node, ast.JoinedStr):
        if any(isinstance(part, ast.Constant) and " " in str(part.value).strip() for part in node.values):
            yield node
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
        yield node


def test_each_text_of_an_error_that_readers_meet_is_a_message() -> None:
    names = raised()
    calls = [
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", node)
        for folder in ("errors", "sparql", "engines", "search", "views", "http")
        for path in (PACKAGE / folder).rglob("*.py")
        if not str(path.relative_to(PACKAGE)).startswith(FOR_PROGRAMS) and path.name not in ELSEWHERE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        if (isinstance(node.func, ast.Name) and node.func.id in names)
        or (isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "super().__init__")
    ]
    assert len(calls) > 150
    given = [(place, one) for place, call in calls for one in (*call.args, *(pair.value for pair in call.keywords))]
    wrong = [place for place, argument in given if list(texts(argument))]
    assert not wrong, "\n".join(wrong)
