"""The file with the counts of a version has what its engine counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.snapshots import Snapshot
from plangraf.settings import Settings
from plangraf.store.contents import Contents
from plangraf.store.versions import Version, VersionStore
from plangraf.views.term_use import class_counts, crossed_counts, examples, property_counts


async def uses(version: Version) -> list[object]:
    engine = EmbeddedEngine(version, Settings(query_workers=1))
    await engine.start()
    try:
        snapshot = Snapshot(Contents.read(version), engine)
        return [
            await snapshot.part(class_counts),
            await snapshot.part(property_counts),
            await crossed_counts(snapshot),
            await snapshot.part(examples),
        ]
    finally:
        await engine.close()


@pytest.mark.slow
def test_a_version_without_the_file_has_the_same_counts_and_examples(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = VersionStore(built).current()
    known = version.term_counts()
    assert known is not None
    assert len(known.classes) > 50
    from_file = asyncio.run(uses(version))
    monkeypatch.setattr(Version, "term_counts", lambda _self: None)
    assert asyncio.run(uses(version)) == from_file
