"""The tree of errors matches the drawing in its docstring, and each error has one code."""

from __future__ import annotations

import re

from plangraf import errors
from plangraf.diagnostics.diagnostic import DataError


def classes(root: type[errors.PlangrafError] = errors.PlangrafError) -> list[type[errors.PlangrafError]]:
    """The errors with a code of their own; a user meets any other as its parent."""
    below = [found for child in root.__subclasses__() for found in classes(child)]
    return [root, *below] if "code" in vars(root) else below


def test_the_docstring_draws_every_error_below_its_parent() -> None:
    drawn: dict[str, str | None] = {}
    parents: list[str] = []
    for indent, name in re.findall(r"^([│├└─ ]*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE):
        del parents[len(indent) // 4 :]
        drawn[name] = parents[-1] if parents else None
        parents.append(name)
    known = {found.__name__: found.__base__.__name__ for found in classes() if found.__base__}
    assert drawn == known | {"PlangrafError": None}


def test_every_error_has_a_code_of_its_own_and_can_be_imported_from_the_package() -> None:
    codes = [found.code for found in classes()]
    assert sorted(codes) == sorted(set(codes))
    assert {found.__name__ for found in classes()} - {DataError.__name__} <= set(errors.__all__)
