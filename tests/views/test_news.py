"""The news of the log of changes: what the last publication changed, and how much of each thing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from plangraf.errors import VersionsError
from plangraf.settings import default_home
from plangraf.sparql.named.collection_files import load_collections
from plangraf.store.changes.log import FeedLog
from plangraf.views import news
from plangraf.views.news import MOST_NAMED, NewsItem, classes_by_place, read_news

ID = "https://w3id.org/plangraf/id/5001/"
PLAN = "https://w3id.org/plangraf/ontology#"
GRAPH = "<https://w3id.org/plangraf/graph/5001/x>"
CLASSES = classes_by_place(load_collections(default_home() / "queries").values())


def thing(name: str, class_: str, title: str, *more: str) -> list[bytes]:
    iri = f"<{ID}{name}>"
    return sorted(
        f"{iri} {rest} {GRAPH} .".encode()
        for rest in (
            f"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{PLAN}{class_}>",
            f'<http://purl.org/dc/terms/title> "{title}"@nb',
            *more,
        )
    )


def publish(log: FeedLog, folder: Path, version: str, *things: list[bytes]) -> None:
    lines = sorted(line for one in things for line in one)
    staged = log.stage(version, lines, datetime.now(UTC), folder / "staged")
    assert staged is not None
    staged.commit()


def number(value: int) -> str:
    return f'<{PLAN}number> "{value}"^^<http://www.w3.org/2001/XMLSchema#integer>'


@pytest.fixture
def log(tmp_path: Path) -> FeedLog:
    return FeedLog(tmp_path / "feed", 4)


def test_an_empty_log_has_no_news_and_the_first_publication_changes_nothing(log: FeedLog, tmp_path: Path) -> None:
    assert read_news(log, CLASSES) is None
    publish(log, tmp_path, "a" * 16, thing("plan/1", "Plan", "En"))
    found = read_news(log, CLASSES)
    assert found is not None
    assert (found.first, found.total, found.items, found.version) == (True, 1, (), "a" * 16)


def test_a_changed_value_is_one_changed_statement(log: FeedLog, tmp_path: Path) -> None:
    others = [thing(f"case/{n}", "Case", f"Sak {n}") for n in range(20)]
    publish(log, tmp_path, "a" * 16, thing("plan/1", "Plan", "En", number(1)), thing("plan/2", "Plan", "To"), *others)
    publish(log, tmp_path, "b" * 16, thing("plan/1", "Plan", "En", number(2)), thing("plan/2", "Plan", "To"), *others)
    changed = thing("plan/1", "Plan", "Enn", number(3), f'<{PLAN}startYear> "2020"')
    publish(log, tmp_path, "c" * 16, changed, thing("plan/3", "Plan", "Tre"), *others)
    found = read_news(log, CLASSES)
    assert found is not None
    assert found.numbers == {"Create": 1, "Update": 1, "Delete": 1}
    assert found.items == (NewsItem("Create", f"{ID}plan/3", 2), NewsItem("Update", f"{ID}plan/1", 3))


def test_only_some_things_are_named_and_those_of_the_first_lists_first(log: FeedLog, tmp_path: Path) -> None:
    publish(log, tmp_path, "a" * 16, thing("plan/1", "Plan", "En"))
    cases = [thing(f"case/{n}", "Case", f"Sak {n}") for n in range(9)]
    evidence = thing("evidence/1", "Evidence", "Belegg")
    publish(log, tmp_path, "b" * 16, thing("plan/1", "Plan", "En"), thing("plan/2", "Plan", "To"), evidence, *cases)
    found = read_news(log, CLASSES)
    assert found is not None
    assert found.total == 11
    assert found.items[0].thing == f"{ID}plan/2"
    assert len(found.items) == MOST_NAMED
    assert f"{ID}evidence/1" not in {item.thing for item in found.items}


def test_a_long_publication_or_log_is_not_read(log: FeedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(log, tmp_path, "a" * 16, thing("plan/1", "Plan", "En"))
    publish(log, tmp_path, "b" * 16, thing("plan/1", "Plan", "To"))
    monkeypatch.setattr(news, "_MOST_BYTES", 10)
    found = read_news(log, CLASSES)
    assert found is not None
    assert found.items == (NewsItem("Update", f"{ID}plan/1", None),)
    monkeypatch.setattr(news, "_MOST_READ", 0)
    found = read_news(log, CLASSES)
    assert found is not None
    assert (found.numbers, found.total, found.items) == (None, 1, ())


def test_a_damaged_log_is_an_error(log: FeedLog, tmp_path: Path) -> None:
    publish(log, tmp_path, "a" * 16, thing("plan/1", "Plan", "En"))
    publish(log, tmp_path, "b" * 16, thing("plan/1", "Plan", "To"))
    next(iter((tmp_path / "feed").glob("*2.zst"))).write_bytes(b"x")
    with pytest.raises(VersionsError, match="damaged"):
        read_news(log, CLASSES)
