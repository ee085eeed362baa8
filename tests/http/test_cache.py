"""The answer cache: bounded, evicts the least recently used, and computes once for concurrent equal requests."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from plangraf.errors import QueryTimeoutError
from plangraf.http.pipeline.cache import Cache, CachedAnswer
from plangraf.http.pipeline.coding import IDENTITY
from plangraf.http.service import make_service
from plangraf.settings import load_settings

TAG = '"one"'


def cached_answer(tag: str = TAG, size: int = 100) -> CachedAnswer:
    return CachedAnswer(tag, b"text/csv", {IDENTITY: b"x" * size})


def test_the_least_recently_used_answer_goes_first() -> None:
    cache = Cache(8 * 3000)
    for name in "abcdefgh":
        cache.add(cached_answer(name, 1500))
    assert cache.get("a") is not None
    cache.add(cached_answer("i", 1500))
    cache.add(cached_answer("j", 1500))
    assert cache.get("a") is not None
    assert cache.get("b") is None
    assert cache.size <= cache.most


def test_a_large_answer_is_not_cached_and_evicts_nothing() -> None:
    cache = Cache(80_000)
    cache.add(cached_answer("small"))
    cache.add(cached_answer("large", 20_000))
    assert cache.get("large") is None
    assert cache.get("small") is not None


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_http_processes_share_the_memory_for_answers(processes: int, tmp_path: Path) -> None:
    settings = load_settings(cache_mb=64, processes=processes, versions=tmp_path)
    service = make_service(settings, None)  # type: ignore[arg-type]  # nothing is leased
    assert service.cache.most * processes == 64 * 1024 * 1024


def test_a_compressed_form_is_computed_once_and_counted() -> None:
    cache = Cache(1_000_000)
    answer = cached_answer(size=5000)
    cache.add(answer)
    before = cache.size
    body = cache.body(answer, "gzip")
    assert gzip.decompress(body) == b"x" * 5000
    assert cache.body(answer, "gzip") is body
    assert cache.size == before + len(body)


def test_a_form_that_was_coded_before_the_answer_was_cached_is_cached_with_it() -> None:
    cache, cached = Cache(100_000), cached_answer(size=1000)
    coded = cache.body(cached, "gzip")
    assert cache.size == 0
    cache.add(cached)
    assert cache.size == cached.size == len(coded) + cached_answer(size=1000).size
    assert cache.body(cached, "gzip") is coded


def test_a_very_long_request_is_not_stored_although_its_answer_is_cached() -> None:
    cache = Cache(1_000_000)
    cache.add(cached_answer())
    for length, remembered in ((1000, True), (10_000, False)):
        request = ("/a", b"q" * length, b"", b"")
        cache.remember(request, TAG, ())
        assert (cache.find_by_request(request) is not None) == remembered


def test_a_request_finds_its_answer_until_eviction() -> None:
    cache = Cache(8 * 2000)
    cache.add(cached_answer())
    cache.remember(("/a", b""), TAG, ((b"vary", b"Accept"),))
    found = cache.find_by_request(("/a", b""))
    assert found is not None
    assert found[1] == ((b"vary", b"Accept"),)
    assert cache.find_by_request(("/b", b"")) is None
    for number in range(20):
        cache.add(cached_answer(f"other-{number}", 900))
    assert cache.find_by_request(("/a", b"")) is None


def test_stored_requests_use_a_bounded_share_of_the_memory() -> None:
    cache = Cache(8 * 1024 * 1024)
    cache.add(CachedAnswer(TAG, b"text/csv", {"identity": b"a"}))
    requests = [(f"/{number}", b"a" * 1000) for number in range(2000)]
    for request in requests:
        cache.remember(request, TAG, ())
        cache.remember(request, TAG, ())
    found = [request for request in requests if cache.find_by_request(request) is not None]
    assert found == requests[-len(found) :]
    assert 400 < len(found) < 1000


def test_equal_requests_are_computed_once() -> None:
    async def main() -> list[bool]:
        cache, computed = Cache(1_000_000), 0

        async def ask() -> bool:
            nonlocal computed
            if await cache.join_flight(TAG) is None:
                computed += 1
                await asyncio.sleep(0.01)
                cache.add(cached_answer())
                cache.end_flight(TAG)
            return cache.get(TAG) is not None

        answers = await asyncio.gather(*[ask() for _ in range(20)])
        assert computed == 1
        return answers

    assert asyncio.run(main()) == [True] * 20


def test_a_failure_is_shared_by_waiters_but_not_by_later_requests() -> None:
    async def main() -> None:
        cache = Cache(1_000_000)
        assert await cache.join_flight(TAG) is None
        waiting = [asyncio.create_task(cache.join_flight(TAG)) for _ in range(3)]
        await asyncio.sleep(0)
        cache.end_flight(TAG, QueryTimeoutError(1))
        for task in waiting:
            with pytest.raises(QueryTimeoutError):
                await task
        assert await cache.join_flight(TAG) is None

    asyncio.run(main())


def test_a_waiter_computes_when_the_first_request_is_cancelled() -> None:
    async def main() -> None:
        cache = Cache(1_000_000)
        assert await cache.join_flight(TAG) is None
        second, third = (asyncio.create_task(cache.join_flight(TAG)) for _ in range(2))
        await asyncio.sleep(0)
        cache.end_flight(TAG)
        assert await second is None
        assert not third.done()
        cache.add(cached_answer())
        cache.end_flight(TAG)
        assert await third is cache.get(TAG)

    asyncio.run(main())


def test_answers_too_large_to_cache_are_computed_concurrently() -> None:
    async def main() -> None:
        cache = Cache(1_000)
        assert await cache.join_flight(TAG) is None
        waiting = [asyncio.create_task(cache.join_flight(TAG)) for _ in range(3)]
        await asyncio.sleep(0)
        cache.end_flight(TAG, too_large=True)
        assert await asyncio.wait_for(asyncio.gather(*waiting), 60) == [None] * 3
        assert await asyncio.wait_for(cache.join_flight(TAG), 60) is None

    asyncio.run(main())
