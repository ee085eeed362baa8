"""A service as its readers meet it: Trondheim's data, an earlier version beside it, and a thing that was removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kinds_of_pages import Shown, find_pages

from plangraf.store.versions import VersionStore
from running_server import running_server, start_python

_REMOVED = b'<https://w3id.org/plangraf/id/5001/plan/2020-2023-removed> <http://purl.org/dc/terms/title> "Fjernet"@nb'
_GRAPH = b"<https://w3id.org/plangraf/graph/5001/planstrategi-2020-2023>"


@dataclass(frozen=True, slots=True)
class Site:
    """A running service and one page of each kind, by name of the kind."""

    url: str
    pages: dict[str, Shown]

    def path(self, kind: str) -> str:
        return self.pages[kind].path


def write_site(built: Path, folder: Path) -> dict[str, str]:
    """Writes the current version of `built` after one that had one more plan; ids by `current` and `earlier`."""
    source = VersionStore(built).current()
    lines = list(source.lines())
    store = VersionStore(folder)
    earlier = store.write(sorted([*lines, _REMOVED + b" " + _GRAPH + b" ."]), dict(source.manifest), {})
    current = store.write(lines, dict(source.manifest), {})
    assert current.id == source.id
    # Downloads, pictures and all else that a build derives; what the store wrote itself stays.
    for version in (earlier, current):
        for path in source.path.iterdir():
            target = version.path / path.name
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            elif not target.exists():
                shutil.copy2(path, target)
    return {"current": current.id, "earlier": earlier.id}


@contextmanager
def running_site(versions: Path, ids: dict[str, str]) -> Iterator[Site]:
    """Serves a folder of versions and finds its pages."""
    with running_server(versions, "--workers", "1", start=start_python) as server:
        yield Site(server.url, {page.kind.name: page for page in find_pages(server.url, ids)})
