"""A process that writes versions and removes old ones, as fast as it can."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from plangraf.store.versions import VersionStore

_CODE = """
import os, pathlib, sys
from plangraf.store.versions import VersionStore
store = VersionStore(pathlib.Path(sys.argv[1]))
for number in range(10, 100_000):
    line = b'<http://example.org/a> <http://example.org/p> "%06d" <http://example.org/g> .'
    lines = [line % one for one in range(number, number + 50)]
    manifest = {"triples": 50, "quads": 50, "graphs": {}, "warnings": {}}
    store.write(lines, manifest, {"large.bin": os.urandom(int(sys.argv[2]))})
    store.prune(int(sys.argv[3]))
"""


@contextmanager
def version_writer(store: VersionStore, *, large: int = 1, keep: int = 2) -> Iterator[subprocess.Popen[bytes]]:
    """Writes while the context lasts, and has written one version when it begins.

    Args:
        store: has a version.
        large: size of a further file of each version, in bytes.
        keep: versions that are kept besides the current one.
    """
    before = store.current().id
    writer = subprocess.Popen([sys.executable, "-c", _CODE, str(store.path), str(large), str(keep)])
    try:
        while store.current().id == before:
            assert writer.poll() is None
        yield writer
    finally:
        writer.kill()
        writer.wait()
