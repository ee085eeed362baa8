"""Labels of ours: a TSV of words beside a mapping, or mechanical ones from the patterns of the mapping."""

from __future__ import annotations

import string
from collections.abc import Mapping as Values
from collections.abc import Sequence
from pathlib import Path

from plangraf.errors import ListError
from plangraf.sources.lists.mapping import Text

_HEAD = ["code", "nb", "en"]


def read_labels(path: Path) -> dict[str, Text]:
    """The labels of a TSV with the columns code, nb and en.

    Raises:
        ListError: it cannot be read, or a line does not have three cells or repeats a code.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(f"The labels {path} cannot be read ({error}). The mapping names them as `labels`.") from error
    if not lines or lines[0].split("\t") != _HEAD:
        raise ListError(f"{path.name} is to begin with the columns {', '.join(_HEAD)}, with tabs between them.")
    found: dict[str, Text] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(_HEAD) or not all(cell.strip() for cell in cells):
            raise ListError(
                f"{path.name}: line {number} is to have a code and a label in nb and en, with tabs between them."
            )
        if cells[0] in found:
            raise ListError(f"{path.name}: line {number} labels {cells[0]} a second time. Keep one of the lines.")
        found[cells[0]] = Text(nb=cells[1], en=cells[2])
    return found


def mechanical_label(patterns: Sequence[Text], nb: Values[str, str], en: Values[str, str]) -> Text | None:
    """The label of the first pattern whose names all have a value; None when there is none."""
    for pattern in patterns:
        wanted = {name for text in (pattern.nb, pattern.en) for _, name, _, _ in string.Formatter().parse(text) if name}
        if all(nb.get(name) and en.get(name) for name in wanted):
            return Text(nb=pattern.nb.format_map(nb), en=pattern.en.format_map(en))
    return None
