"""What every route needs, put together once at start: settings, engine, queries, context, pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import plangraf
from plangraf.engines.base import Engine
from plangraf.http.pipeline.cache import Cache
from plangraf.pages.html import Pages
from plangraf.rdf.jsonld.context import Context
from plangraf.settings import Settings
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.sparql.safety import CheckedQuery
from plangraf.views.catalog.site import FILE as SITE
from plangraf.views.catalog.site import Site, load_site
from plangraf.views.collections.members import Indexes
from plangraf.views.frames import FILE as FRAMES
from plangraf.views.frames import Frames, load_frames
from plangraf.views.labels import label_files, load_labels

Check = Callable[[str], CheckedQuery]

CONTEXT_PATH = "/context/v1.jsonld"
_CODE_ENDINGS = {".py", ".html", ".css", ".svg"}


@dataclass(frozen=True, slots=True)
class Service:
    """One running service. `prefix` is the path of its public address, `fingerprint` a hash of the build.

    `check` refuses what the engine must never see and says which form a query has. `cache` holds finished
    answers of this process, `orders` those of the collections, over all versions.
    """

    settings: Settings
    engine: Engine
    check: Check
    queries: Mapping[str, NamedQuery]
    collections: Mapping[str, Collection]
    frames: Frames
    site: Site
    context: Context
    context_body: bytes
    pages: Pages
    prefix: str
    fingerprint: str
    cache: Cache
    orders: Indexes

    @property
    def address(self) -> str:
        """Absolute public address of what this serves, which for a kept version is its own, without a final '/'."""
        base = urlsplit(self.settings.base_url)
        return f"{base.scheme}://{base.netloc}{self.prefix}"

    def tag(self, *parts: str, version: str | None = None) -> str:
        """The strong ETag of one representation, less its coding: version, build, what else decides its bytes."""
        served = self.engine.version if version is None else version
        digest = hashlib.sha256("\0".join((served, self.fingerprint, *parts)).encode())
        return f'"{digest.hexdigest()[:32]}"'


def make_service(
    settings: Settings,
    engine: Engine,
    check: Check,
) -> Service:
    """The service over one engine.

    Raises:
        DataError: a named query or a collection cannot be used.
        OSError, ValueError: the JSON-LD context is missing or cannot be used.
    """
    body = (settings.home / "ontology" / "context.jsonld").read_bytes()
    prefix = urlsplit(settings.base_url).path.rstrip("/")
    site = load_site(settings.home)
    return Service(
        settings=settings,
        engine=engine,
        check=check,
        queries=load_queries(settings.home / "queries"),
        collections=load_collections(settings.home / "queries"),
        frames=load_frames(settings.home),
        site=site,
        context=Context(json.loads(body), settings.base_url + CONTEXT_PATH),
        context_body=body,
        pages=Pages(prefix, lambda: engine.version, load_labels(settings.home), site.words),
        prefix=prefix,
        fingerprint=_fingerprint(settings),
        cache=Cache(settings.cache_mb * 1024 * 1024),
        orders=Indexes(),
    )


def _fingerprint(settings: Settings) -> str:
    """A hash of all that shapes answers beside the version: code, templates, queries, context, addresses."""
    package = Path(__file__).resolve().parent.parent
    files = sorted(path for path in package.rglob("*") if path.suffix in _CODE_ENDINGS)
    files += sorted((settings.home / "queries").glob("*.rq"))
    files += [*collection_files(settings.home / "queries"), settings.home / "queries" / SITE]
    files += [*label_files(settings.home), *(settings.home / "ontology" / name for name in ("context.jsonld", FRAMES))]
    digest = hashlib.sha256(f"{plangraf.__version__}\n{settings.base_url}\n{settings.operator}\n".encode())
    for path in files:
        digest.update(f"{path.name}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
