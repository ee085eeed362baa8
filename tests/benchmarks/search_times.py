"""Times the search over 100 000 labels: writing the index, opening it, searches, and suggestions.

    python tests/benchmarks/search_times.py [LABELS]

The labels are titles that the words of `ontology/` and `queries/` make in compounds and phrases, with a repeatable
random choice. Times are processor milliseconds of one thread, because other work on the machine then counts less; over
HTTP they are those of the clock. Each question is asked once, so that nothing is cached.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from plangraf.search.entries import Entry, Labels, Text
from plangraf.search.index_files import FOLDER, SearchIndex, open_index, write_index
from plangraf.search.searching import SUGGESTED, search

FIRST = """
    areal bolig by energi folkehelse friluft idrett klima kultur landbruk mobilitet natur næring parkering skole trafikk
    vann
"""
LAST = """
    analyse avtale beredskap fond melding norm plan politikk program prosjekt rapport strategi tiltak utvikling vedtak
"""
PLACES = "Bergen Bodø Klæbu Kristiansand Lillehammer Malvik Melhus Oslo Sluppen Stjørdal Tromsø Trondheim Ålesund"
QUALITIES = "grønn helhetlig interkommunal langsiktig overordnet regional revidert samlet strategisk ny"
KINDS = ("plans", "documents", "commitments", "cases", "measures")
QUESTIONS = (
    *("klimaplan", "plan for klima", "grønn mobilitetsplan Trondheim", "parkering", "naeringsstrategi"),
    *("trondhiem klimaplan", "energiprogam", "11.6", "sak 8/21", "strategisk utvikling", "plan", "Sluppen"),
    *("berekraftig mobilitet", "vedtak om skole", "regional analyse for friluftsliv i Tromsø", "boligpolitikk Bergen"),
    *("kulturmelding", "green plan"),
)


def entries(number: int) -> Iterator[Entry]:
    """Generated entries, the same in each run."""
    chance = random.Random(7)
    first, last, places, qualities = (text.split() for text in (FIRST, LAST, PLACES, QUALITIES))
    for at in range(number):
        compound = chance.choice(first) + chance.choice(("s", "")) + chance.choice(last)
        place = chance.choice(places)
        nb = f"{chance.choice(qualities)} {compound} for {chance.choice(first)} i {place} {2000 + at % 50}"
        en = f"{chance.choice(last)} for {chance.choice(first)} {at}"
        yield Entry(
            f"https://w3id.org/plangraf/id/{at % 357:04}/thing/{at}",
            f"/doc/{at % 357:04}/thing/{at}",
            KINDS[at % len(KINDS)],
            [Text(nb, "nb"), Text(en, "en")],
            texts=[Text(f"{chance.choice(qualities)} {chance.choice(first)} og {chance.choice(last)}", "nb")],
            codes=[f"{at % 900}/{at % 30}"],
            values={"municipality": [f"{at % 357:04}"], "goal": [str(1 + at % 17)]},
            about=["plan", place],
            rank=0.5,
        )


def labels() -> Labels:
    named = {kind: {"nb": kind, "en": kind} for kind in KINDS}
    values = {
        "municipality": {f"{n:04}": {"nb": f"{n:04}", "en": f"{n:04}"} for n in range(357)},
        "goal": {str(n): {"nb": str(n), "en": str(n)} for n in range(1, 18)},
    }
    return Labels(named, named, values)


def milliseconds(work: Callable[[str], object], questions: Sequence[str]) -> list[float]:
    """Processor milliseconds of this thread for each question, the longest last."""
    found = []
    for question in questions:
        begun = time.thread_time()
        work(question)
        found.append((time.thread_time() - begun) * 1_000)
    return sorted(found)


def told(name: str, times: Sequence[float]) -> str:
    nine_tenths = times[int(len(times) * 0.9)]
    return f"{name:34} median {statistics.median(times):.2f} ms, 90 % {nine_tenths:.2f} ms, most {times[-1]:.2f} ms"


def measure(index: SearchIndex) -> Iterator[str]:
    """Lines with the times of hits alone, of a page with facets, and of suggestions."""
    for question in QUESTIONS:
        search(index, question, facets=False)  # the pages of the index are in memory, as in a service
    yield told("hits", milliseconds(lambda text: search(index, text, facets=False), QUESTIONS))
    yield told("hits and facets", milliseconds(lambda text: search(index, text, limit=20), QUESTIONS))
    typed = [question[:length] for question in QUESTIONS for length in range(2, len(question) + 1, 2)]
    yield told(
        "suggestions, each second letter",
        milliseconds(lambda text: search(index, text, limit=SUGGESTED, facets=False, beginning=True), typed),
    )


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        write_index(Path(folder, FOLDER), entries(number), labels())
        print(f"index of {number} labels written in {time.process_time() - begun:.1f} s of the processor")
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        begun = time.process_time()
        index = open_index(Path(folder), "benchmark")
        print(f"{size / 2**20:.1f} MiB, opened in {(time.process_time() - begun) * 1_000:.0f} ms")
        for line in measure(index):
            print(line)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
