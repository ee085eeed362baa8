"""Finds the dimensions of periods and areas in tables that do not say which they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from plangraf.sources.statistics.cube.periods import parse_period
from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.statistical_table import Dimension, Role

_AREA_CODE = re.compile(
    r"(?:KOK|bosteds?|arbeidssteds?)?(?:region|kommune|fylke|kommun|lan|geo|ref_?area|area|bydel|tettsted|grunnkrets)\w*"
    r"|bosted|område",
    re.IGNORECASE,
)
_AREA_LABEL = re.compile(
    r"\b(?:regioner|region|kommuner?|bostedskommune|fylker?|område|geografi|bosted|bydel|tettsted|grunnkrets|landsdel"
    r"|county|municipality|area|län|kommun)\b",
    re.IGNORECASE,
)
_CONTENTS_CODE = re.compile(r"ContentsCode|INDICATOR|MEASURE", re.IGNORECASE)
_NAMES: dict[Role, tuple[str, str]] = {
    "time": ("perioder", "periods"),
    "geo": ("områder", "areas"),
    "metric": ("innhold", "contents"),
}


def with_roles(dimensions: Sequence[Dimension], findings: Findings) -> tuple[Dimension, ...]:
    """The dimensions, with roles for those of periods, areas and contents that the source leaves without one.

    Each role that is added is reported as a repair, because the source does not state it.
    """
    found = list(dimensions)
    for role, fits in (("time", _holds_periods), ("geo", _holds_areas), ("metric", _holds_contents)):
        if any(dimension.role == role for dimension in found):
            continue
        free = [number for number, dimension in enumerate(found) if dimension.role is None and fits(dimension)]
        if len(free) == 1:
            found[free[0]] = replace(found[free[0]], role=role)  # type: ignore[arg-type]  # role is one of three
            nb, en = _NAMES[role]  # type: ignore[index]
            findings.repaired(
                f"dimensjonen {found[free[0]].code} er lest som {nb}, uten at kilden sier det",
                f"dimension {found[free[0]].code} is read as {en}, which the source does not say",
            )
    return tuple(found)


def _holds_periods(dimension: Dimension) -> bool:
    return all(parse_period(code.code, dimension.label) is not None for code in dimension.codes)


def _holds_areas(dimension: Dimension) -> bool:
    return bool(_AREA_CODE.fullmatch(dimension.code) or _AREA_LABEL.search(dimension.label))


def _holds_contents(dimension: Dimension) -> bool:
    return bool(_CONTENTS_CODE.fullmatch(dimension.code) or any(code.unit for code in dimension.codes))
