"""The table of behaviours in docs/operators.md is what the engines that are present do, and the service over them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import behaviours
import pytest

from engine_servers import absent, running_engine
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.interface import QueryRequest
from plangraf.errors import QuerySyntaxError
from plangraf.rdf import formats
from plangraf.settings import Settings
from small_home import ROOT

pytestmark = pytest.mark.embedded("starts the other engines itself")


@pytest.mark.slow
@pytest.mark.parametrize("engine", behaviours.ENGINES)
def test_the_table_says_what_an_engine_does_now(engine: str, tmp_path: Path) -> None:
    if why := absent(engine):
        pytest.skip(f"absent: {why}")
    (tmp_path / "engine").mkdir()
    with running_engine(engine, tmp_path / "engine") as server:
        found = behaviours.cells(server, behaviours.write_behaved(tmp_path / "versions"))
    assert found == behaviours.read_table()[engine], f"run: python tests/engines/remote/behaviours.py {engine}"


def test_the_embedded_engine_has_the_wanted_behaviours(tmp_path: Path) -> None:
    version = behaviours.write_behaved(tmp_path / "versions")

    async def ask_all() -> dict[str, tuple[str, ...]]:
        engine, found = EmbeddedEngine(version, Settings(home=ROOT, query_workers=1)), {}
        await engine.start()
        for one in behaviours.BEHAVIOURS:
            try:
                answer = await engine.query(QueryRequest(behaviours._PROLOGUE + one.query, formats.JSON))
                found[one.name] = behaviours._rows(b"".join([chunk async for chunk in answer.chunks]))
            except QuerySyntaxError:
                found[one.name] = ("refused",)
        await engine.close()
        return found

    assert asyncio.run(ask_all()) == {one.name: tuple(sorted(one.wanted)) for one in behaviours.BEHAVIOURS}
