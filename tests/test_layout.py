"""Each part of the package is small enough to read at once: its functions, its modules, its folders."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "service" / "plangraf"
MOST_LINES_OF_A_FUNCTION, MOST_LINES_OF_A_MODULE, MOST_MODULES = 60, 420, 16
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_no_function_is_long() -> None:
    functions = [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(PACKAGE)}: {node.name}")
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    ]
    assert len(functions) > 1_000
    assert not sorted(one for one in functions if one[0] > MOST_LINES_OF_A_FUNCTION)


def test_no_module_is_long() -> None:
    lines = {str(path.relative_to(PACKAGE)): path.read_text("utf-8").count("\n") for path in MODULES}
    assert not {name: count for name, count in lines.items() if count > MOST_LINES_OF_A_MODULE}


def test_no_folder_holds_many_modules() -> None:
    names = [path.parent.relative_to(PACKAGE) for path in MODULES if path.name != "__init__.py"]
    assert not {str(folder): names.count(folder) for folder in names if names.count(folder) > MOST_MODULES}
