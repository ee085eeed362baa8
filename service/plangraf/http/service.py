"""What every route needs: settings, queries, context and pages once at start, and a snapshot for each request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request

import plangraf
from plangraf.engines.snapshots import Snapshot, Snapshots
from plangraf.http.pipeline.cache import Cache
from plangraf.pages.html import Pages
from plangraf.settings import Settings
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.store.contents import Dates
from plangraf.views.jsonld import Context

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
        digest = hashlib.sha256("\0".join((version, self.fingerprint, *parts)).encode())
        return f'"{digest.hexdigest()[:32]}"'

    def pinned(self, snapshot: Snapshot, *, kept: bool) -> Pinned:
        """The service over one snapshot; with the addresses of a kept version, or with those of the current one."""
        prefix = f"{self.prefix}/version/{snapshot.id}" if kept else self.prefix
        return Pinned(
            self.settings, self.snapshots, self.queries, self.context, self.context_body,
            self.pages.under(prefix, snapshot.id), prefix, self.fingerprint,
            self.kept_cache if kept else self.cache, self.kept_cache, snapshot, kept,
        )  # fmt: skip


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
        DataError: a named query cannot be used.
        OSError, ValueError: the JSON-LD context is missing or cannot be used.
    """
    body = (settings.home / "ontology" / "context.jsonld").read_bytes()
    prefix = urlsplit(settings.base_url).path.rstrip("/")
    return Service(
        settings=settings,
        snapshots=snapshots,
        queries=load_queries(settings.home / "queries"),
        context=Context(json.loads(body), settings.base_url + CONTEXT_PATH),
        context_body=body,
        pages=Pages(prefix),
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
    files.append(settings.home / "ontology" / "context.jsonld")
    digest = hashlib.sha256(f"{plangraf.__version__}\n{settings.base_url}\n{settings.operator}\n".encode())
    for path in files:
        digest.update(f"{path.name}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
