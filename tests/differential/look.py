"""Lists the present differences from Jena ARQ: `python tests/differential/look.py [feature…]` queries both.

`--seeds FROM TO` runs random queries instead, and lists those whose answer differs from both of Jena's engines.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import arq
import differences
import httpx
import query_generator
import sparql_answers
from served import Asker, write_data_sets
from sparql_cases import PUBLIC_URL, Case, features, read_cases

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from running_server import running_server


@contextmanager
def asking() -> Iterator[Asker]:
    """Starts a service over the data sets."""
    with tempfile.TemporaryDirectory() as folder:
        versions = write_data_sets(Path(folder) / "versions")
        with (
            running_server(
                Path(folder) / "versions",
                "--workers",
                "2",
                PLANGRAF_PUBLIC_URL=PUBLIC_URL,
                PLANGRAF_OLD_VERSIONS=str(len(versions)),
            ) as server,
            httpx.Client(timeout=60) as client,
        ):
            yield Asker(server.url, versions, client)


def compare_cases(cases: list[Case], *, pin: bool) -> None:
    known, pinned, count = differences.known(), {}, 0
    spelled = {}
    with asking() as asker:
        for case, expected in arq.answers(cases):
            found = asker.ask(case)
            difference = sparql_answers.compare(expected, found, ordered=case.ordered, concat=case.concat)
            if difference.text and case.id in known:
                pinned[case.id] = found
            elif difference.text:
                count += 1
                print(f"--- {case.id} (data {case.data})\n{case.query}\n{difference.text}\n")
            else:
                spelled[case.id] = difference.spellings
    print(f"{len(cases)} cases, {len(pinned)} differences of the table, {count} others")
    if stale := known.keys() & {case.id for case in cases} - pinned.keys():
        print(f"differ no more: {', '.join(sorted(stale))}")
    print(f"{sum(map(bool, spelled.values()))} cases have numbers of the same value in another form")
    if pin:
        asked = {case.id for case in cases}
        others = {case: pairs for case, pairs in differences.spellings().items() if case not in asked}
        differences.write_spellings({**others, **spelled})
        differences.pin({**{case: answer for case, answer in differences.pinned().items() if case in known}, **pinned})


def compare_random_queries(first: int, last: int) -> None:
    cases = list(query_generator.cases(range(first, last), reference=False))
    optimized = dict(zip(range(first, last), (answer for _, answer in arq.answers(cases)), strict=True))
    exact = arq.answers(list(query_generator.cases(range(first, last), reference=True)))
    count = doubtful = 0
    with asking() as asker:
        for (case, expected), other in zip(exact, optimized.values(), strict=True):
            found = asker.ask(case)
            ours = [sparql_answers.compare(answer, found).text for answer in (expected, other)]
            doubtful += bool(ours[0]) != bool(ours[1])
            if all(ours):
                count += 1
                print(f"--- {case.id}\n{case.query}\n{ours[0]}\n")
    print(f"{len(cases)} random queries, {count} differences, {doubtful} about which Jena's engines differ")


def main() -> None:
    parser = argparse.ArgumentParser(description="Where the service differs from Jena ARQ now.")
    parser.add_argument("feature", nargs="*", help="names of files of cases; all of them without")
    parser.add_argument("--seeds", nargs=2, type=int, metavar=("FROM", "TO"), help="queries made at random, in place")
    parser.add_argument(
        "--pin", action="store_true", help="store the service's answers of the table's cases, and spellings"
    )
    asked = parser.parse_args()
    if asked.seeds:
        compare_random_queries(*asked.seeds)
        return
    paths = [path for path in features() if not asked.feature or path.stem in asked.feature]
    compare_cases([case for path in paths for case in read_cases(path)], pin=asked.pin)


if __name__ == "__main__":
    main()
