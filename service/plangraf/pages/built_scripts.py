"""The scripts that are built from `pages/editor/` with parts of others: the query editor, and walking in a picture.

They stand in `pages/built/`, which the wheel has and the repository does not. A page works without them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

BUILT = Path(__file__).resolve().parent / "built"
"""The folder of the built scripts; absent where they were not built."""


def editor_script() -> str | None:
    """The file name of the query editor, which has the hash of its content in it; None when it was not built."""
    return _built("editor")


def walk_script() -> str | None:
    """The file name of the script that walks in a picture of neighbours; None when it was not built."""
    return _built("walk")


@cache
def _built(name: str) -> str | None:
    return next((path.name for path in sorted(BUILT.glob(f"{name}-*.js"))), None)
