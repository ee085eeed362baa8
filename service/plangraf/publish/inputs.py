"""Whether a stored version was built from the present files. The service asks this at each start: it imports little."""

from __future__ import annotations

import hashlib
from importlib.metadata import version as installed_version
from pathlib import Path

from plangraf import __version__
from plangraf.publish.losses import add_remembered_folders
from plangraf.settings import Settings
from plangraf.sources.files import inputs_digest, sources
from plangraf.store.versions import Version, VersionStore

# A change of these libraries may change the content of a version or the verdict of its checks.
_LIBRARIES = ("pyoxigraph", "rdflib", "pyshacl", "pyarrow", "tantivy", "vl-convert-python")
# A change of these packages of ours may do the same.
_PACKAGE = Path(__file__).resolve().parent.parent
_CODE_INPUTS = (
    "rdf",
    "sparql/named",
    "diagnostics",
    "sources",
    "checks",
    "publish",
    "search",
    "store",
    "views",
)


def hash_inputs(settings: Settings) -> str:
    """SHA-256 over the inputs of a version: source files, the code of this package, versions of libraries."""
    found = inputs_digest(settings.home, sources(settings.home, settings.data))
    return hashlib.sha256(f"{found}{code_digest()}".encode()).hexdigest()


def code_digest() -> str:
    """SHA-256 over the code of this package that a version depends on, and the versions of its libraries."""
    digest = hashlib.sha256("\n".join([__version__, *map(installed_version, _LIBRARIES)]).encode())
    modules = [module for folder in _CODE_INPUTS for module in (_PACKAGE / folder).rglob("*.py")]
    for module in sorted([*modules, *_PACKAGE.glob("*.py")]):
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    return digest.hexdigest()


def find_up_to_date(settings: Settings, *, drop: bool = False) -> Version | None:
    """The stored version that was built from the present source files; None when they have changed.

    It may differ from the current version, because `plangraf versions use` selects any stored one.

    Args:
        settings: without `data`, the data folders of the last build are read.
        drop: ignore the data folders of the last build.
    Raises:
        DataError: a data folder of the last build cannot be read.
    """
    store = VersionStore(settings.versions)
    settings = add_remembered_folders(settings, store, drop=drop)
    return find_built(store, hash_inputs(settings)) if store.has_current() and store.inputs() else None


def find_built(store: VersionStore, digest: str) -> Version | None:
    """The stored version that the last build wrote, if its inputs have this digest."""
    known = store.inputs()
    if known is None or not store.has_current() or known[0] != digest:
        return None
    return next((version for version in store.list() if version.id == known[1]), None)
