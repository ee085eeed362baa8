"""The log has every change once and in order, also after kills, pruning and rollbacks."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Quad, RdfFormat, parse

from ending_early import run
from example_counts import examples
from feed_client import canonical
from plangraf.errors import VersionsError
from plangraf.store.changes.log import PAGE_SIZE, Change, FeedLog
from plangraf.store.changes.things import group_by_thing
from plangraf.store.versions import VersionStore

MANIFEST = {"triples": 0, "quads": 0, "graphs": {}, "warnings": {}}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def line(thing: str, value: str, graph: str = "g") -> bytes:
    return f'<http://e/{thing}> <http://e/p> "{value}" <http://e/{graph}> .'.encode()


A1, A2, B1, C1 = line("a", "1"), line("a", "2"), line("b", "1"), line("c", "1")


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "versions")


def publish(store: VersionStore, *lines: bytes) -> str:
    return store.write(sorted(lines), MANIFEST).id


def log_of(store: VersionStore) -> FeedLog:
    return FeedLog(store.path / "feed")


def list_changes(log: FeedLog, first: int = 1) -> list[tuple[int, str, str]]:
    return [(change.sequence, change.kind, change.thing.removeprefix("http://e/")) for change in log.changes(first)]


def replayed(changes: Sequence[Change]) -> set[bytes]:
    """The lines after all changes; each change must fit the state before it."""
    state: dict[str, tuple[bytes, ...]] = {}
    for sequence, change in enumerate(changes, 1):
        assert change.sequence == sequence
        before = state.pop(change.thing, None)
        fits = {
            "Create": before is None and change.lines,
            "Update": before is not None and change.lines and before != change.lines,
            "Delete": before is not None and not change.lines,
        }
        assert fits[change.kind], change
        if change.kind != "Delete":
            state[change.thing] = change.lines
    return {line for lines in state.values() for line in lines}


def content(store: VersionStore) -> set[bytes]:
    return set(store.current().lines())


def test_the_first_version_creates_all_things_and_later_ones_log_differences(store: VersionStore) -> None:
    first = publish(store, A1, B1)
    assert list_changes(log_of(store)) == [(1, "Create", "a"), (2, "Create", "b")]
    second = publish(store, A2, C1)
    assert list_changes(log_of(store), 3) == [(3, "Update", "a"), (4, "Create", "c"), (5, "Delete", "b")]
    changes = list(log_of(store).changes())
    assert [change.lines for change in changes] == [(A1,), (B1,), (A2,), (C1,), ()]
    assert [change.version for change in changes] == [first] * 2 + [second] * 3
    assert [p.version for p in log_of(store).publications()] == [first, second]


def test_each_graph_has_the_dates_of_its_first_publication_and_of_its_last_change(store: VersionStore) -> None:
    one, two, other = line("a", "1", "one"), line("b", "1", "two"), line("a", "2", "one")
    publish(store, one, two)
    (t1,) = {change.published for change in log_of(store).changes()}
    assert store.current().dates() == {"http://e/one": (t1, t1), "http://e/two": (t1, t1)}
    first = store.current()
    publish(store, other, two)
    t2 = list(log_of(store).changes())[-1].published
    assert store.current().dates() == {"http://e/one": (t1, t2), "http://e/two": (t1, t1)}
    written = store.current().dates_path.read_bytes()
    # The same lines again, in whatever way, change no date.
    publish(store, other, two)
    store.catch_up()
    assert store.current().dates_path.read_bytes() == written
    # A state that returns is a change; a graph that is gone keeps when it came.
    publish(store, two)
    t3 = list(log_of(store).changes())[-1].published
    store.use(first.id)
    t4 = list(log_of(store).changes())[-1].published
    assert store.current().dates() == {"http://e/one": (t1, t4), "http://e/two": (t1, t1)}
    assert t1 < t2 < t3 < t4
    # What is lost is worked out anew from the log, to the same.
    written = store.current().dates_path.read_bytes()
    store.current().dates_path.unlink()
    store.use(first.id)
    assert store.current().dates_path.read_bytes() == written


def test_a_thing_in_two_graphs_dates_only_the_one_that_changed(store: VersionStore) -> None:
    publish(store, line("a", "1", "one"), line("a", "1", "two"))
    publish(store, line("a", "1", "one"), line("a", "2", "two"))
    dates = store.current().dates()
    assert dates["http://e/one"][0] == dates["http://e/one"][1] == dates["http://e/two"][0] < dates["http://e/two"][1]


def test_a_returning_state_gives_new_members_with_later_times(store: VersionStore) -> None:
    first = publish(store, A1, B1)
    publish(store, A2)
    store.use(first)
    assert list_changes(log_of(store), 3) == [
        (3, "Update", "a"),
        (4, "Delete", "b"),
        (5, "Update", "a"),
        (6, "Create", "b"),
    ]
    times = [publication.published for publication in log_of(store).publications()]
    assert times == sorted(set(times))
    assert replayed(list(log_of(store).changes())) == {A1, B1}


@pytest.mark.parametrize("seed", range(4))
def test_the_version_at_the_end_of_the_log_gives_the_changes_that_the_whole_log_gives(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    lines = [line(thing, value, graph) for thing in "abcd" for value in "12" for graph in "gh"]
    nodes = [b"_:n", b"_:m", b"<http://e/a>", b"<http://e/c>"]
    lines += [b"%b <http://e/q> %b <http://e/g> ." % (one, other) for one in nodes for other in nodes[:2]]
    quick, whole = VersionStore(tmp_path / "quick"), VersionStore(tmp_path / "whole")
    for _ in range(8):
        state = chance.sample(lines, chance.randint(1, 10))
        with monkeypatch.context() as patched:
            if quick.has_current():
                patched.setattr(FeedLog, "_replay", None)
            publish(quick, *state)
        for dates in (tmp_path / "whole").glob("feed/dates-*.json"):
            dates.unlink()  # without them the log is read
        publish(whole, *state)
    assert told(log_of(quick)) == told(log_of(whole))
    assert len(told(log_of(quick))) > 8
    assert numbered(quick) == numbered(whole)


def told(log: FeedLog) -> list[tuple[object, ...]]:
    return [(change.sequence, change.kind, change.thing, change.lines) for change in log.changes()]


def numbered(store: VersionStore) -> dict[str, tuple[int, int]]:
    """The dates of the current version, as the numbers of publications."""
    times = [publication.published for publication in log_of(store).publications()]
    return {graph: (times.index(first), times.index(last)) for graph, (first, last) in store.current().dates().items()}


def test_the_same_version_again_logs_nothing(store: VersionStore) -> None:
    version = publish(store, A1)
    files = {file: file.read_bytes() for file in log_of(store).folder.iterdir()}
    publish(store, A1)
    store.use(version)
    store.catch_up()
    assert {file: file.read_bytes() for file in log_of(store).folder.iterdir()} == files


def test_relabelled_blank_nodes_are_not_a_change(store: VersionStore) -> None:
    publish(store, b"<http://e/a> <http://e/p> _:x <http://e/g> .", b'_:x <http://e/p> "1" <http://e/g> .')
    publish(store, b"<http://e/a> <http://e/p> _:y <http://e/g> .", b'_:y <http://e/p> "1" <http://e/g> .')
    assert list_changes(log_of(store)) == [(1, "Create", "a")]


def test_pruning_leaves_the_feed_complete(store: VersionStore) -> None:
    publish(store, A1, B1)
    publish(store, A2, B1)
    before = list(log_of(store).changes())
    store.prune(0)
    assert list(log_of(store).changes()) == before
    publish(store, B1)
    assert list_changes(log_of(store), 4) == [(4, "Delete", "a")]


def test_a_folder_without_a_feed_gets_one(store: VersionStore) -> None:
    publish(store, A1)
    for file in log_of(store).folder.iterdir():
        file.unlink()
    log_of(store).folder.rmdir()
    publish(store, A2)
    assert list_changes(log_of(store)) == [(1, "Create", "a"), (2, "Update", "a")]


def test_a_damaged_version_logs_nothing_and_the_next_one_logs_all_changes(store: VersionStore) -> None:
    publish(store, A1)
    second = publish(store, A2)
    store.use(store.list()[0].id)
    (store.path / second / "data.nq.zst").write_bytes(b"no dump")
    store.use(second)
    assert store.current().id == second
    publish(store, C1)
    assert list_changes(log_of(store), 4) == [(4, "Create", "c"), (5, "Delete", "a")]


def test_times_in_the_feed_grow_when_the_clock_is_set_back(tmp_path: Path) -> None:
    log = FeedLog(tmp_path / "feed")
    for number, now in enumerate((NOON, NOON - timedelta(days=1), NOON)):
        staged = log.stage(f"{number:016d}", [line("a", str(number))], now, tmp_path / "temporary")
        assert staged is not None
        staged.commit()
    assert [p.published for p in FeedLog(tmp_path / "feed").publications()] == [
        "2026-01-01T12:00:00.000Z",
        "2026-01-01T12:00:00.001Z",
        "2026-01-01T12:00:00.002Z",
    ]


def test_a_staged_publication_is_visible_only_after_its_commit(tmp_path: Path) -> None:
    log = FeedLog(tmp_path / "feed")
    staged = log.stage("0" * 16, [A1], NOON, tmp_path / "temporary")
    assert staged is not None
    assert log.last == 0
    assert log.id == ""
    staged.commit()
    assert (log.last, log.version, len(log.id)) == (1, "0" * 16, 8)
    assert log.stage("1" * 16, [A1], NOON, tmp_path / "temporary") is None


def test_frames_end_where_pages_end_and_a_page_may_have_several_publications(store: VersionStore) -> None:
    many = [line(f"{number:04d}", "1") for number in range(2 * PAGE_SIZE + 100)]
    publish(store, *many)
    publish(store, *many, *(line(f"x{number:04d}", "1") for number in range(200)))
    log = log_of(store)
    first, second = log.publications()
    assert [frame[0] for frame in first.frames] == [1, PAGE_SIZE + 1, 2 * PAGE_SIZE + 1]
    assert [frame[0] for frame in second.frames] == [2 * PAGE_SIZE + 101, 3 * PAGE_SIZE + 1]
    assert (log.last, log.pages) == (2 * PAGE_SIZE + 300, 4)
    page = list(log.changes(2 * PAGE_SIZE + 1, 3 * PAGE_SIZE))
    assert [change.sequence for change in page] == list(range(2 * PAGE_SIZE + 1, 3 * PAGE_SIZE + 1))
    assert {change.version for change in page} == {first.version, second.version}
    assert [change.sequence for change in log.changes(PAGE_SIZE, PAGE_SIZE + 2)] == [
        PAGE_SIZE,
        PAGE_SIZE + 1,
        PAGE_SIZE + 2,
    ]
    assert list(log.changes(log.last + 1)) == []


def test_a_feed_keeps_its_first_page_size(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions", 3)
    publish(store, *(line(str(number), "1") for number in range(4)))
    publish(VersionStore(store.path, 7), *(line(str(number), "1") for number in range(8)))
    log = FeedLog(store.path / "feed", 11)
    assert (log.page_size, log.last, log.pages) == (3, 8, 3)
    assert [frame[0] for publication in log.publications() for frame in publication.frames] == [1, 4, 5, 7]
    assert [log.page_of(sequence) for sequence in (1, 3, 4, 8)] == [1, 1, 2, 3]


def test_many_readers_of_one_log_see_each_publication_once(store: VersionStore) -> None:
    for number in range(40):
        publish(store, line("a", str(number)))
    for _ in range(20):
        log = log_of(store)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _, log=log: [p.first for p in log.publications()], range(8)))
        assert found == [list(range(1, 41))] * 8


def test_a_publication_of_any_size_is_written_and_read_in_bounded_memory(tmp_path: Path) -> None:
    """48 MiB of statements; the peak is that of some pages and a digest for each thing."""
    things_, value = 3072, "x" * 16_000

    def lines(last: str) -> Iterator[bytes]:
        return (line(f"{number:06d}", value + last) for number in range(things_))

    log = FeedLog(tmp_path / "feed", 50)
    tracemalloc.start()
    try:
        for number, last in enumerate("12"):
            staged = log.stage(f"{number:016d}", lines(last), NOON, tmp_path / "temporary")
            assert staged is not None
            staged.commit()
        assert sum(1 for _ in log.changes()) == 2 * things_
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20


def test_two_logs_never_share_the_name_of_a_member(tmp_path: Path) -> None:
    ids = set()
    for number in range(2):
        log = FeedLog(tmp_path / str(number))
        staged = log.stage("0" * 16, [A1], NOON + timedelta(seconds=number), tmp_path / "temporary")
        assert staged is not None
        staged.commit()
        ids.add(log.id)
    assert len(ids) == 2


@pytest.mark.parametrize("harm", ["cut", "garbage", "gone", "description"])
def test_a_damaged_log_is_reported_with_advice(store: VersionStore, harm: str) -> None:
    publish(store, A1, B1)
    file = store.path / "feed" / "000000000001.zst"
    if harm == "gone":
        file.unlink()
    elif harm == "description":
        file.with_suffix(".json").write_text(json.dumps({"version": "0" * 16}))
    else:
        file.write_bytes(file.read_bytes()[:-9] if harm == "cut" else b"no zstandard")
    with pytest.raises(VersionsError, match=r"is damaged .* remove the folder"):
        list(log_of(store).changes())


def test_a_thing_has_its_statements_and_the_blank_nodes_they_lead_to() -> None:
    lines = sorted(
        [
            b'<http://e/a> <http://e/p> " _:no blank node" <http://e/g> .',
            b"<http://e/a> <http://e/p> <http://e/b> <http://e/g> .",
            b"<http://e/b> <http://e/p> _:1 <http://e/g> .",
            b"_:1 <http://e/p> _:2 <http://e/g> .",
            b'_:2 <http://e/p> "deep"@nb <http://e/g> .',
            b"<http://e/d> <http://e/p> _:3 <http://e/g> .",
            b"<http://e/c> <http://e/p> _:3 <http://e/h> .",
            b'_:3 <http://e/p> "shared" <http://e/g> .',
            b'_:4 <http://e/p> "loose" <http://e/g> .',
            b'_:5 <http://e/p> "loose" .',
            b'<http://e/z> <http://e/p> "in the default graph" .',
        ]
    )
    found = dict(group_by_thing(lines))
    assert {thing.removeprefix("http://e/"): len(own) for thing, own in found.items()} == {
        "a": 2,
        "b": 3,
        "c": 3,
        "g": 1,
        "https://w3id.org/plangraf/graph/default": 1,
        "z": 1,
    }
    assert found["http://e/b"] == [
        b"<http://e/b> <http://e/p> _:c14n1 <http://e/g> .",
        b'_:c14n0 <http://e/p> "deep"@nb <http://e/g> .',
        b"_:c14n1 <http://e/p> _:c14n0 <http://e/g> .",
    ]
    apart = [quad for number, own in enumerate(found.values()) for quad in _apart(own, number)]
    assert canonical(apart) == canonical(parse(b"\n".join(lines), RdfFormat.N_QUADS))


def _apart(lines: list[bytes], number: int) -> list[Quad]:
    text = b"\n".join(lines).replace(b"_:c14n", b"_:t%dx" % number)
    return list(parse(text, RdfFormat.N_QUADS))


_STATES = st.lists(
    st.frozensets(st.builds(line, st.sampled_from("abcde"), st.sampled_from("12"), st.sampled_from("gh"))),
    min_size=1,
    max_size=6,
)


@given(states=_STATES)
@examples(50)
def test_replaying_the_log_gives_any_sequence_of_states(
    states: list[frozenset[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    log = FeedLog(folder / "feed")
    for number, state in enumerate(states):
        staged = log.stage(f"{number:016d}", sorted(state), NOON, folder / "temporary")
        if staged is not None:
            staged.commit()
        assert replayed(list(log.changes())) == state
        assert replayed(list(FeedLog(log.folder).changes())) == state


SWITCH = "store.use(sys.argv[3])"


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_switch_interrupted_at_any_step_neither_loses_nor_repeats_a_change(tmp_path: Path, every: int) -> None:
    """Interrupts after every call that changes the folder; then publishes another version, or the same.

    The short form interrupts after each third.
    """

    def made(name: str) -> tuple[VersionStore, str]:
        store = VersionStore(tmp_path / name)
        first = publish(store, A1, B1)
        second = publish(store, A2, C1)
        store.use(first)
        return store, second

    measured, second = made("measured")
    steps = int(run(SWITCH, measured.path, 0, second).stdout)
    assert steps > 10
    seen = set()
    for moment in range(1, steps + 1, every):
        store, second = made(f"versions-{moment}")
        before = log_of(store).last
        killed = run(SWITCH, store.path, moment, second)
        assert killed.returncode == 137, killed.stderr
        current, logged = store.current().id, log_of(store).version
        seen.add((current == second, logged == second))
        assert replayed(list(log_of(store).changes())) == ({A2, C1} if logged == second else {A1, B1})
        if moment % 2:
            third = publish(store, C1)
            states = [p.version for p in log_of(store).publications()][3:]
            assert states == ([second, third] if current == second else [third])
        else:
            store.use(second)
            assert [p.version for p in log_of(store).publications()][3:] == [second]
        assert log_of(store).last > before
        assert replayed(list(log_of(store).changes())) == content(store)
        assert not list(store.path.glob(".tmp-*"))
    assert seen == {(False, False), (True, False), (True, True)}


def test_a_full_disk_leaves_feed_and_version_unchanged(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(store, A1)
    second = publish(store, A2)
    store.use(first)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("plangraf.store.atomic.os.fsync", full)
    with pytest.raises(VersionsError, match="the disk is full"):
        store.use(second)
    monkeypatch.undo()
    assert store.current().id == first
    assert log_of(store).version == first
    assert not list(store.path.glob(".tmp-*"))
