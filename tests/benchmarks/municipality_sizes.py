"""Processor seconds of a new municipality of 10, 100 and 1 000 plans: import of its workbook, validate, build.

    python tests/benchmarks/municipality_sizes.py 10 100 1000

Each plan has four perspectives, its printed links to them and evidence: some 100 statements. Every step runs as
the command of a planner, in a separate process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from filled_sheets import fill
from test_add_municipality import KOMMUNE, PLANSTRATEGI, SLUG, plangraf

PERSPECTIVES = 12
EACH = 4
Rows = dict[str, list[dict[str, object]]]


def rows(plans: int) -> Rows:
    """The rows of the test municipality with this number of plans."""
    ours = PLANSTRATEGI["plan:PlanningStrategy"][0]["plan:municipality"]
    line = "@evidence plan:firstLine"
    strategy = {**PLANSTRATEGI["plan:PlanningStrategy"][0]}
    strategy["eli:basis_for"] = "\n".join(f"plan/2024-2027-{number}" for number in range(1, plans + 1))
    found: Rows = {
        **PLANSTRATEGI,
        "plan:PlanningStrategy": [strategy],
        "plan:Perspective": [
            {
                "key": f"2024-{number}",
                "plan:number": number,
                "skos:prefLabel@nb": f"Perspektiv {number}",
                "skos:prefLabel@en": f"Perspective {number}",
                "skos:inScheme": "scheme/perspectives-2024",
                "plan:relatesToTarget": f"{number}.1",
                "plan:municipality": ours,
                line: 10 + number,
            }
            for number in range(1, PERSPECTIVES + 1)
        ],
        "plan:PerspectiveTargetLink": [
            {
                "key": f"2024-{number}-{number}.1",
                "plan:linkedPerspective": f"2024-{number}",
                "plan:linkedTarget": f"{number}.1",
                "plan:targetEvidence": "printed",
                line: 10 + number,
            }
            for number in range(1, PERSPECTIVES + 1)
        ],
        "plan:Plan": [],
        "plan:PlanPerspectiveLink": [],
    }
    for number in range(1, plans + 1):
        answers = sorted({(number * 5 + step * 3) % PERSPECTIVES + 1 for step in range(EACH)})
        where = {line: 100 + 5 * number, "@evidence plan:lastLine": 104 + 5 * number}
        found["plan:Plan"].append(
            {
                "key": f"2024-2027-{number}",
                "plan:number": number,
                "dcterms:title@nb": f"Plan nummer {number}",
                "plan:startYear": 2024 + number % 4,
                "plan:printedAsRevision": "nei",
                "plan:respondsTo": "\n".join(f"2024-{answer}" for answer in answers),
                "plan:primaryPerspective": f"2024-{answers[0]}",
                "plan:responsibleAsPrinted@nb": "Teknisk etat",
                "plan:purpose@nb": f"Hensikt {number}.",
                "plan:purpose@en": f"Purpose {number}.",
                "plan:municipality": ours,
                **where,
            }
        )
        found["plan:PlanPerspectiveLink"] += [
            {
                "key": f"2024-2027-{number}-{position}",
                "plan:linkedPlan": f"2024-2027-{number}",
                "plan:linkedPerspective": f"2024-{answer}",
                "plan:position": position,
                **where,
            }
            for position, answer in enumerate(answers, 1)
        ]
    found["plan:Decision"] = [{**PLANSTRATEGI["plan:Decision"][0], "eli-dl:activity_date": date(2024, 6, 18)}]
    return found


def timed(folder: Path, *arguments: str | Path) -> float:
    """Processor seconds of a command, because wall-clock seconds depend on the other load of the machine."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = plangraf(*arguments, cwd=folder)
    if run.returncode:
        raise SystemExit(run.stdout[-3000:] + run.stderr[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(plans: int, folder: Path) -> tuple[float, float, float]:
    """Seconds of import, validate and build."""
    for name, content in (("kommune.xlsx", KOMMUNE), ("plan.xlsx", rows(plans))):
        timed(folder, "export-sheet", "--template", name)
        fill(folder / name, content)
    timed(folder, "import-sheet", "kommune.xlsx", "my-data/9999/kommune")
    target = Path("my-data", "9999", SLUG)
    imported = timed(folder, "import-sheet", "plan.xlsx", target)
    files = sorted((folder / "my-data").glob("*/*/*.ttl"))
    return imported, timed(folder, "validate", *files, "--data", "my-data"), timed(folder, "build", "--data", "my-data")


def main() -> None:
    print("| plans | import, s | validate, s | build, s |\n|---:|---:|---:|---:|")
    for plans in map(int, sys.argv[1:] or ("10", "100", "1000")):
        with tempfile.TemporaryDirectory() as folder:
            print(f"| {plans} | " + " | ".join(f"{s:.1f}" for s in measure(plans, Path(folder))) + " |", flush=True)


if __name__ == "__main__":
    main()
