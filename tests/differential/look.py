"""Where the service differs from Jena ARQ now: `python tests/differential/look.py [feature…]` asks both."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import arq
import differences
import httpx
import query_generator
import sparql_answers
from served import Asker, write_data_sets
from sparql_cases import PUBLIC_URL, features, read_cases

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from conftest import running_server


def main() -> None:
    parser = argparse.ArgumentParser(description="Where the service differs from Jena ARQ now.")
    parser.add_argument("feature", nargs="*", help="names of files of cases; all of them without")
    parser.add_argument("--seeds", nargs=2, type=int, metavar=("FROM", "TO"), help="queries made at random, in place")
    parser.add_argument("--pin", action="store_true", help="store the service's answers of the table's cases")
    parser.add_argument("--spellings", action="store_true", help="numbers that are spelt otherwise, too")
    asked = parser.parse_args()
    paths = [path for path in features() if not asked.feature or path.stem in asked.feature]
    known = differences.known()
    cases = [case for path in paths for case in read_cases(path)]
    if asked.seeds:
        text = query_generator.as_cases(range(*asked.seeds))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "random.rq"
            path.write_text(text)
            cases = read_cases(path)
    with tempfile.TemporaryDirectory() as folder:
        versions = write_data_sets(Path(folder) / "versions")
        with running_server(
            Path(folder) / "versions", "--workers", "2",
            PLANGRAF_PUBLIC_URL=PUBLIC_URL, PLANGRAF_OLD_VERSIONS=str(len(versions)),
        ) as server, httpx.Client(timeout=60) as client:  # fmt: skip
            asker = Asker(server.url, versions, client)
            count = 0
            pinned = {}
            for case, expected in arq.answers(cases):
                found = asker.ask(case)
                difference = sparql_answers.compare(expected, found, ordered=case.ordered, concat=case.concat)
                if difference.text and case.id in known:
                    pinned[case.id] = found
                elif difference.text:
                    count += 1
                    print(f"--- {case.id} (data {case.data})\n{case.query}\n{difference.text}\n")
                elif expected.kind == "error":
                    print(f"--- {case.id}: both refuse: {expected.message.splitlines()[0]}")
                elif difference.spellings and asked.spellings:
                    print(f"--- {case.id}: spelt {sorted(difference.spellings)}")
    print(f"{len(cases)} cases, {len(pinned)} differences of the table, {count} others")
    if stale := known.keys() & {case.id for case in cases} - pinned.keys():
        print(f"differ no more: {', '.join(sorted(stale))}")
    if asked.pin:
        differences.pin({**{case: answer for case, answer in differences.pinned().items() if case in known}, **pinned})


if __name__ == "__main__":
    main()
