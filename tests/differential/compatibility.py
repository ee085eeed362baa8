"""Asks the queries of this folder of the service behind other engines.

`python tests/differential/compatibility.py ENGINE…` writes the verdicts of each engine; `--show` prints what differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import differences
import httpx
import renew
import sparql_answers
import verdicts
from served import Asker, write_data_sets
from sparql_cases import PUBLIC_URL, features, read_cases

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tested_engine
from engine_servers import running_engine
from running_server import running_server


def ask_all(engine: str, chosen: list[str], *, show: bool) -> dict[str, str]:
    """The verdict of each case of some features, or of all, behind an engine."""
    pinned, found = differences.pinned(), {}
    with tempfile.TemporaryDirectory() as name, running_engine(engine, Path(name)) as running:
        tested_engine.tell(engine, running.target)
        versions = Path(name) / "served" / "versions"
        names = write_data_sets(versions)
        refused = tested_engine.remove_refused(versions)
        options = {"PLANGRAF_PUBLIC_URL": PUBLIC_URL, "PLANGRAF_OLD_VERSIONS": str(len(names))}
        with running_server(versions, **options) as server, httpx.Client(timeout=120) as client:
            asker = Asker(server.url, names, client)
            for path in features():
                if chosen and path.stem not in chosen:
                    continue
                stored = renew.load(path.stem)
                for case in read_cases(path):
                    if names[case.data] in refused:
                        found[case.id] = verdicts.REFUSED
                        continue
                    expected, answer = renew.as_answer(stored[case.name]), asker.ask(case)
                    found[case.id] = verdicts.verdict(case, (expected, pinned.get(case.id)), answer)
                    if show and found[case.id] != verdicts.EQUAL:
                        compared = sparql_answers.compare(
                            expected, answer, ordered=case.ordered, concat=case.concat
                        ).text
                        print(f"=== {case.id} {found[case.id]}\n{case.query}\n{compared[:800]}\n", flush=True)
        tested_engine.forget()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="+")
    parser.add_argument("--feature", action="append", default=[])
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    for engine in given.engines:
        found = ask_all(engine, given.feature, show=given.show)
        print(engine, dict(Counter(found.values())))
        if not given.feature:
            verdicts.write(engine, found)
            verdicts.PAGE.write_text(verdicts.with_table(verdicts.PAGE.read_text()))


if __name__ == "__main__":
    main()
