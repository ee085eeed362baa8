"""What every route needs: settings, queries, context and pages once at start, and a snapshot for each request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request

import plangraf
from plangraf.engines.snapshots import Snapshot, Snapshots
from plangraf.http.pipeline.cache import Cache
from plangraf.pages.html import Pages
from plangraf.rdf.jsonld.context import Context
from plangraf.settings import Settings
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.store.contents import Dates
from plangraf.views.catalog.site import FILE as SITE
from plangraf.views.catalog.site import Site, load_site
from plangraf.views.frames import FILE as FRAMES
from plangraf.views.frames import Frames, load_frames
from plangraf.views.labels import label_files, load_labels

PINNED = "plangraf.pinned"
"""Where a request's scope keeps the service as the request sees it."""
CONTEXT_PATH = "/context/v1.jsonld"
_CODE_ENDINGS = {".py", ".html", ".css", ".svg"}
# Share of the memory for finished answers that all kept versions together may have.
_SHARE = 8


@dataclass(frozen=True, slots=True)
class Service:
    """One running service: what is the same for all versions.

    `prefix` is the path of its public address, `fingerprint` a hash of the build. `cache` holds finished answers of
    this process under the addresses of the current version, `kept_cache` those under `/version/`.
    """

    settings: Settings
    snapshots: Snapshots
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
    kept_cache: Cache

    @property
    def base_prefix(self) -> str:
        """The path of the public address, without that of a version."""
        return urlsplit(self.settings.base_url).path.rstrip("/")

    def tag(self, *parts: str, version: str) -> str:
        """The strong ETag of one representation, less its coding: version, build, what else decides its bytes."""
        digest = hashlib.blake2b("\0".join((version, self.fingerprint, *parts)).encode(), digest_size=16)
        return f'"{digest.hexdigest()}"'

    def pinned(self, snapshot: Snapshot, *, kept: bool) -> Pinned:
        """The service over one snapshot; with the addresses of a kept version, or with those of the current one."""
        prefix = f"{self.base_prefix}/version/{snapshot.id}" if kept else self.base_prefix
        own = {
            **{field.name: getattr(self, field.name) for field in fields(Service)},
            "pages": self.pages.under(prefix, snapshot.id),
            "prefix": prefix,
            "cache": self.kept_cache if kept else self.cache,
        }
        return Pinned(**own, snapshot=snapshot, kept=kept)


@dataclass(frozen=True, slots=True)
class Pinned(Service):
    """The service as one request sees it: over one snapshot, whose addresses begin with `prefix`."""

    snapshot: Snapshot
    kept: bool

    @property
    def address(self) -> str:
        """Absolute public address of what this serves, which for a kept version is its own, without a final '/'."""
        base = urlsplit(self.settings.base_url)
        return f"{base.scheme}://{base.netloc}{self.prefix}"

    @property
    def dates(self) -> Dates:
        """When each graph was published and changed; none under /version/, where answers never change."""
        return {} if self.kept else self.snapshot.contents.dates

    def own_tag(self, *parts: str) -> str:
        """The tag of a representation of this version, see `tag`."""
        return self.tag(*parts, version=self.snapshot.id)


def pinned(request: Request) -> Pinned:
    """The service as this request sees it; `http.pipeline.pinning` put it into the scope."""
    found: Pinned = request.scope[PINNED]
    return found


def snapshot_of(request: Request) -> Snapshot:
    """The snapshot that this request is answered from."""
    return pinned(request).snapshot


def make_service(
    settings: Settings,
    snapshots: Snapshots,
) -> Service:
    """The service over all versions of a store.

    Raises:
        DataError: a named query or a collection cannot be used.
        OSError, ValueError: the JSON-LD context is missing or cannot be used.
    """
    body = (settings.home / "ontology" / "context.jsonld").read_bytes()
    prefix = urlsplit(settings.base_url).path.rstrip("/")
    site = load_site(settings.home)
    return Service(
        settings=settings,
        snapshots=snapshots,
        queries=load_queries(settings.home / "queries"),
        collections=load_collections(settings.home / "queries"),
        frames=load_frames(settings.home),
        site=site,
        context=Context(json.loads(body), settings.base_url + CONTEXT_PATH),
        context_body=body,
        pages=Pages(prefix, labels=load_labels(settings.home), own_words=site.words),
        prefix=prefix,
        fingerprint=_fingerprint(settings),
        cache=Cache(settings.cache_mb * 1024 * 1024),
        kept_cache=Cache(settings.cache_mb * 1024 * 1024 // _SHARE),
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
