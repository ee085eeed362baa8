"""How long `plangraf import-statistics` takes and how much memory it needs, by the number of observations.

Writes a table in JSON-stat of each size into a temporary folder, imports it with the real command in a process of its
own, and prints a line for each: seconds, seconds of the processor, peak memory, statements and size of the observation
file.

    PYTHONPATH=service:tests python -m benchmarks.import_sizes 1000 100000 757000 1000000
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from small_home import command, environ

ROOT = Path(__file__).resolve().parents[2]
SIZES = (1_000, 100_000, 757_000, 1_000_000)
_AGES, _SEXES, _YEARS = 20, ("1", "2"), 25
# A small table has fewer ages, so that its size is about the one that was asked for.
_FEW_AGES, _SMALL = 2, 10_000
_CONTENTS = {"Personer": ("antall", 0), "Andel": ("prosent", 1)}
_FIRST_YEAR, _FIRST_AREA = 2000, 1101
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def table(observations: int, seed: int = 7) -> dict[str, Any]:
    """A table of at least so many observations in JSON-stat 2.0: areas, ages, sexes, contents and years.

    One value in fifty is missing, with a status.
    """
    years, ages = _YEARS, _FEW_AGES if observations < _SMALL else _AGES
    block = ages * len(_SEXES) * len(_CONTENTS) * years
    areas = -(-observations // block)
    count = areas * block
    chance = random.Random(seed)
    missing = {place for place in range(count) if chance.random() < 0.02}
    values = [
        None if place in missing else chance.randrange(10**6) / (1 if place // years % 2 == 0 else 10)
        for place in range(count)
    ]
    codes: dict[str, list[str]] = {
        "Region": [f"{_FIRST_AREA + number:04d}" for number in range(areas)],
        "Alder": [f"{5 * number:03d}-{5 * number + 4:03d}" for number in range(ages)],
        "Kjonn": list(_SEXES),
        "ContentsCode": list(_CONTENTS),
        "Tid": [str(_FIRST_YEAR + number) for number in range(years)],
    }
    dimension: dict[str, Any] = {
        name: {
            "label": name.lower(),
            "category": {
                "index": {code: place for place, code in enumerate(of_dimension)},
                "label": {code: f"{name} {code}" for code in of_dimension},
            },
        }
        for name, of_dimension in codes.items()
    }
    dimension["ContentsCode"]["category"]["unit"] = {
        code: {"base": base, "decimals": decimals} for code, (base, decimals) in _CONTENTS.items()
    }
    return {
        "version": "2.0",
        "class": "dataset",
        "label": "Made for a measurement",
        "source": "Statistisk sentralbyrå",
        "updated": "2026-01-31T07:00:00Z",
        "role": {"geo": ["Region"], "metric": ["ContentsCode"], "time": ["Tid"]},
        "id": list(codes),
        "size": [len(of_dimension) for of_dimension in codes.values()],
        "dimension": dimension,
        "extension": {"px": {"tableid": f"made-{observations}", "language": "no"}},
        "value": values,
        "status": {str(place): ".." for place in sorted(missing)},
    }


def measure(observations: int, folder: Path) -> str:
    """One import, as a line of the table."""
    source = folder / f"made-{observations}.json"
    source.write_text(json.dumps(table(observations), ensure_ascii=False), encoding="utf-8")
    target = folder / "no" / f"made-{observations}"
    begin = time.monotonic()
    arguments = command("import-statistics", source, "--to", target, "--licence", _LICENCE, "--quiet")
    child = os.posix_spawn(sys.executable, arguments, environ(ROOT))
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - begin
    if status:
        raise SystemExit(f"import of {observations} observations: status {status}")
    written = target / "observations.nt"
    with written.open("rb") as file:
        statements = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    mib = 1 << 20
    cells = (
        f"{observations}",
        f"{source.stat().st_size / mib:.1f} MiB",
        f"{seconds:.1f} s",
        f"{usage.ru_utime + usage.ru_stime:.1f} s",
        f"{usage.ru_maxrss / 1024:.0f} MiB",
        f"{statements}",
        f"{written.stat().st_size / mib:.0f} MiB",
    )
    written.unlink()
    return f"| {' | '.join(cells)} |"


def main(sizes: list[int]) -> None:
    """Prints the table of all sizes."""
    print("| observations | JSON-stat | time | processor | peak memory | statements | observations.nt |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="plangraf-import-") as folder:
        for size in sizes:
            print(measure(size, Path(folder)), flush=True)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or list(SIZES))
