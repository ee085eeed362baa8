"""The short queries that the editor offers first to who learns SPARQL run as they are, and answer."""

from __future__ import annotations

import httpx


def test_each_first_query_has_an_answer_and_a_title_in_both_languages(url: str) -> None:
    examples = httpx.get(f"{url}/sparql/vocabulary").json()["examples"]
    first = [one for one in examples if not one["name"]]
    assert len(first) >= 5
    assert examples[: len(first)] == first
    for one in first:
        answer = httpx.post(f"{url}/sparql", data={"query": one["query"]}, headers={"Accept": "text/csv"}, timeout=60)
        assert answer.status_code == 200, (one["title"], answer.text)
        assert len(answer.text.splitlines()) > 3, one["title"]
        assert set(one["title"]) == {"nb", "en"}
        assert len(one["query"].splitlines()) < 15


def test_a_named_query_is_offered_by_its_question(url: str) -> None:
    examples = httpx.get(f"{url}/sparql/vocabulary").json()["examples"]
    titles = {one["name"]: one["title"] for one in examples}
    assert titles["plans"] == {
        "nb": "Hvilke planer foreslår kommunen?",
        "en": "Which plans does the municipality propose?",
    }
