"""Graphs without shared triples use one store, others an explicit union, with the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import zstandard

from plangraf.engines.embedded import stores
from plangraf.engines.embedded.stores import open_stores
from plangraf.store.versions import Version

E = "http://example.org/"
APART = [f"<{E}{n}> <{E}p> <{E}{n % 7}> <{E}g{n % 3}> .\n" for n in range(300)]
APART += [f"<{E}1> <{E}q> _:c14n0 <{E}g0> .\n", f"_:c14n0 <{E}q> _:c14n1 <{E}g1> .\n"]
LATE = f"<{E}1> <{E}p> <{E}1> <{E}g2> .\n"  # also in g1
NAMELESS = f"_:c14n0 <{E}q> _:c14n1 <{E}g2> .\n"  # also in g1


def version(folder: Path, lines: list[str]) -> Version:
    (folder / "data.nq.zst").write_bytes(zstandard.compress("".join(lines).encode()))
    return Version("0123456789abcdef", folder, {})


def test_graphs_that_share_no_triple_need_one_store(tmp_path: Path) -> None:
    found = open_stores(version(tmp_path, sorted(APART)))
    assert found.union is None
    assert found.triples == len(found.graphs) == 302


@pytest.mark.parametrize("more", [LATE, NAMELESS])
@pytest.mark.parametrize("block", [1, 64, 4096, 1 << 20])
def test_a_triple_that_two_graphs_share_is_found_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, block: int
) -> None:
    monkeypatch.setattr(stores, "_BLOCK", block)
    found = open_stores(version(tmp_path, sorted([*APART, more])))
    assert found.union is not None
    assert found.triples == len(found.union) == 302
    assert len(found.graphs) == 303 + 302


def test_lines_that_are_not_sorted_get_a_real_union(tmp_path: Path) -> None:
    found = open_stores(version(tmp_path, [LATE, *APART]))
    assert found.triples == 302
    assert found.union is not None
