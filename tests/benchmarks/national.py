"""Source files of the whole country: all 357 municipalities with the planning strategies of 20 years, and statistics.

Every file is what an import of the project writes: `plangraf import-sheet` reads a workbook of each of some sizes once,
and the datasets are its Turtle files with the names, numbers and years of each municipality; `plangraf
import-statistics` reads generated tables. A build therefore finds no violation. The same size and seed give the same
bytes. Municipalities share the plans by Zipf's law; below a million triples only the largest have all periods, and
below 200 000 some municipalities are missing.

    python tests/benchmarks/national.py FOLDER --triples 1000000
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

# Makes the packages of the tests importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from benchmarks.municipality_sizes import rows
from benchmarks.names import MUNICIPALITIES, THEMES, place
from filled_sheets import fill
from small_home import ROOT, plangraf
from test_add_municipality import KOMMUNE, PLANSTRATEGI

SEED = 7
PLANS = (4, 16, 64, 256, 380)
"""The sizes of planning strategies; the lines of larger ones would have numbers that are taken for years."""
FIRST_YEAR, LAST_YEAR = 2006, 2025
STATISTICS_SHARE = 0.4
_FIRST_STRATEGY = 2024  # of the template
_PERIODS = tuple(range(2022, FIRST_YEAR - 1, -4))
_SKEW = 0.9
# Triples of an observation, and of a dataset by its plans.
_OF_AN_OBSERVATION, _OF_A_PLAN, _OF_A_STRATEGY, _OF_A_MUNICIPALITY = 8, 97, 600, 20
# Series of one table; a table of all of them has 2.9 M triples.
_MOST_SERIES = 50
# The project describes these.
_OURS = {"5001": "Trondheim", "5030": "Klæbu"}
# Triples for each municipality that a size has, at least.
_LEAST = 560
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_NUMBER = re.compile(rb"(?<![0-9])(9999|9998|202[4-7])(?![0-9])")
_SHORT_YEAR = re.compile(rb"(?<=12[/-])24(?![0-9])")
_PLAN = re.compile(rb"Plan nummer ([0-9]+)")
Template = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: planning strategies, plans in them, observations."""

    strategies: int
    plans: int
    observations: int


def write(folder: Path, triples: int, seed: int = SEED) -> Written:
    """Writes the data folder for `plangraf build --data`.

    Args:
        folder: gets `<number>/kommune`, `<number>/planstrategi-<period>` and `no/<table>`.
        triples: about how many, from 2 000; the project's own data come on top in a build.
        seed: other seeds share the plans otherwise.
    """
    numbers = MUNICIPALITIES[: max(2, min(len(MUNICIPALITIES), triples // _LEAST))]
    with tempfile.TemporaryDirectory(prefix="plangraf-national-") as name:
        work = Path(name)
        left = triples * (1 - STATISTICS_SHARE) - len(numbers) * _OF_A_MUNICIPALITY
        shares = list(_shares(left, len(numbers), Random(seed)))
        templates = {plans: _strategy(work / str(plans), plans) for plans in {size for _, _, size in shares}}
        municipality = _municipality(work / "kommune")
        of_a_series = len(numbers) * (LAST_YEAR - FIRST_YEAR + 1) * _OF_AN_OBSERVATION
        series = max(1, round(triples * STATISTICS_SHARE / of_a_series))
        observations = _write_statistics(folder / "no", work, numbers, series, seed)
    for index, number in enumerate(numbers):
        if number not in _OURS:
            _write(folder / number / "kommune", municipality, index, _FIRST_STRATEGY)
    for index, year, size in shares:
        _write(folder / numbers[index] / f"planstrategi-{year}-{year + 3}", templates[size], index, year)
    return Written(len(shares), sum(size for _, _, size in shares), observations)


def _shares(triples: float, municipalities: int, chance: Random) -> Iterator[tuple[int, int, int]]:
    """Index of a municipality, first year and number of plans of each strategy, up to so many triples."""
    ranks = list(range(1, municipalities + 1))
    chance.shuffle(ranks)
    unit = triples / len(_PERIODS) / sum(rank**-_SKEW for rank in ranks)
    left = triples
    for index, rank in sorted(enumerate(ranks), key=lambda found: found[1]):
        for year in _PERIODS:
            wanted = (unit * rank**-_SKEW - _OF_A_STRATEGY) / _OF_A_PLAN
            size = min(PLANS, key=lambda plans: abs(plans - wanted))
            takes = _OF_A_STRATEGY + _OF_A_PLAN * size
            if takes <= left and MUNICIPALITIES[index] not in _OURS:
                left -= takes
                yield index, year, size


def _strategy(folder: Path, plans: int) -> Template:
    content = rows(plans)
    for plan in content["plan:Plan"]:
        plan["plan:municipality"] = "municipality/9999"
    content["plan:Decision"] = [{**PLANSTRATEGI["plan:Decision"][0], "eli-dl:activity_date": date(2024, 6, 18)}]
    _import(folder, "kommune", {**KOMMUNE, "plan:Municipality": KOMMUNE["plan:Municipality"]})
    return _import(folder, "planstrategi-2024-2027", content)


def _municipality(folder: Path) -> Template:
    return _import(folder, "kommune", {**KOMMUNE, "plan:Municipality": KOMMUNE["plan:Municipality"][:1]})


def _import(folder: Path, slug: str, content: dict[str, list[dict[str, object]]]) -> Template:
    """The Turtle files that the import of a workbook with these rows writes, by name."""
    folder.mkdir(exist_ok=True)
    workbook, target = folder / f"{slug}.xlsx", folder / "data" / "9999" / slug
    _run("export-sheet", "--template", workbook)
    _run("import-sheet", fill(workbook, content), target)
    return {path.name: path.read_bytes() for path in sorted(target.glob("*.ttl"))}


def _run(*arguments: str | Path) -> None:
    done = plangraf(*arguments, home=ROOT)
    if done.returncode:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])


def _write(folder: Path, template: Template, index: int, year: int) -> None:
    """Writes a dataset of one municipality and period."""
    number, neighbour = MUNICIPALITIES[index], MUNICIPALITIES[index - 1]
    names = {b"9999": number.encode(), b"9998": neighbour.encode()}
    names |= {str(_FIRST_STRATEGY + step).encode(): str(year + step).encode() for step in range(4)}
    name = place(index).encode()

    def title(found: re.Match[bytes]) -> bytes:
        theme = THEMES[(int(found[1]) * 7 + index) % len(THEMES)][0]
        return b"Plan %b for %b" % (found[1], theme.encode())

    folder.mkdir(parents=True)
    for file, content in template.items():
        text = _NUMBER.sub(lambda found: names[found[1]], content)
        text = _SHORT_YEAR.sub(lambda found: b"%02d" % (int(found[0]) + year - _FIRST_STRATEGY), text)
        (folder / file).write_bytes(_PLAN.sub(title, text).replace(b"Fjellvik", name))


def _write_statistics(folder: Path, work: Path, numbers: Sequence[str], series: int, seed: int) -> int:
    """Imports tables with so many series of each municipality and year; returns the number of observations."""
    observations = 0
    for number, first in enumerate(range(0, series, _MOST_SERIES)):
        found = table(f"made-{number}", numbers, min(_MOST_SERIES, series - first), seed + number)
        source = work / f"made-{number}.json"
        source.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
        target = folder / f"made-{number}"
        _run("import-statistics", source, "--to", target, "--areas", "norway", "--licence", _LICENCE, "--quiet")
        observations += len(found["value"])
    return observations


def table(name: str, numbers: Sequence[str], series: int, seed: int) -> dict[str, Any]:
    """A table in JSON-stat 2.0 with a value for each municipality, series and year."""
    years = [str(year) for year in range(FIRST_YEAR, LAST_YEAR + 1)]
    codes = {
        "Region": list(numbers),
        "ContentsCode": [f"Serie{number}" for number in range(1, series + 1)],
        "Tid": years,
    }
    dimension: dict[str, Any] = {
        name: {
            "label": name.lower(),
            "category": {
                "index": {code: place for place, code in enumerate(own)},
                "label": {code: f"{name} {code}" for code in own},
            },
        }
        for name, own in codes.items()
    }
    # The import labels the municipalities, which have one name only.
    labels = {code: _OURS.get(code, place(index)) for index, code in enumerate(numbers)}
    dimension["Region"]["category"]["label"] = labels
    units = {code: {"base": "personer", "decimals": 0} for code in codes["ContentsCode"]}
    dimension["ContentsCode"]["category"]["unit"] = units
    chance = Random(seed)
    count = len(numbers) * series * len(years)
    return {
        "version": "2.0",
        "class": "dataset",
        "label": f"Made for a measurement, {name}",
        "source": "Statistisk sentralbyrå",
        "updated": "2026-01-31T07:00:00Z",
        "role": {"geo": ["Region"], "metric": ["ContentsCode"], "time": ["Tid"]},
        "id": list(codes),
        "size": [len(own) for own in codes.values()],
        "dimension": dimension,
        "extension": {"px": {"tableid": name, "language": "no"}},
        "value": [chance.randrange(10**6) for _ in range(count)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    print(write(given.folder, given.triples, given.seed))


if __name__ == "__main__":
    main()
