"""The service, loaded once at start and shared by all routes, and its view pinned to the snapshot of a request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request

import plangraf
from plangraf.engines.federation import Federation
from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.engines.parquet_answer import ParquetWriter
from plangraf.engines.snapshots import Snapshot, Snapshots
from plangraf.http.pipeline.cache import Cache
from plangraf.pages.html import Pages
from plangraf.pages.things.kind_files import Kinds, kind_files, load_kinds
from plangraf.rdf.formats import FORMATS, PARQUET
from plangraf.rdf.jsonld_context import Context
from plangraf.settings import Settings
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.sparql.named.query_words import WORDS_FILE, QueryWords, load_query_words
from plangraf.store.contents import Dates
from plangraf.views.declarations import (
    FRAMES_FILE,
    SITE_FILE,
    Frames,
    Site,
    label_files,
    load_frames,
    load_labels,
    load_site,
)
from plangraf.views.front_page import check_lists

PINNED = "plangraf.pinned"
"""Key of a request's scope: the Pinned service of the request."""
CONTEXT_PATH = "/context/v1.jsonld"
_CODE_ENDINGS = {".py", ".html", ".css", ".svg", ".js", ".po"}
# Divisor: the cache of all kept versions together gets this part of the cache's memory.
_SHARE = 8


@dataclass(frozen=True, slots=True)
class Service:
    """One running service: its parts that do not depend on a version.

    `federation` answers SERVICE. `prefix` is the path of the public address, `fingerprint` a hash of the build. `cache`
    holds the answers at the addresses of the current version, `kept_cache` those under `/version/`.
    """

    settings: Settings
    snapshots: Snapshots
    queries: Mapping[str, NamedQuery]
    query_words: QueryWords
    collections: Mapping[str, Collection]
    frames: Frames
    site: Site
    context: Context
    context_body: bytes
    kinds: Kinds
    pages: Pages
    prefix: str
    fingerprint: str
    cache: Cache
    kept_cache: Cache
    federation: Federation
    parquet: ParquetWriter

    @property
    def base_prefix(self) -> str:
        """The path of the public address, without `/version/<id>`."""
        return urlsplit(self.settings.base_url).path.rstrip("/")

    def tag(self, *parts: str, version: str) -> str:
        """The strong ETag of a representation before coding, hashed from all that decides its bytes."""
        digest = hashlib.blake2b("\0".join((version, self.fingerprint, *parts)).encode(), digest_size=16)
        return f'"{digest.hexdigest()}"'

    def pin(self, snapshot: Snapshot, *, kept: bool) -> Pinned:
        """Pins the service to a snapshot, with the addresses of a kept version or of the current one."""
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
    """The service pinned to the snapshot of one request; its addresses begin with `prefix`."""

    snapshot: Snapshot
    kept: bool

    @property
    def address(self) -> str:
        """Absolute public address of this version, with `/version/<id>` when it is kept, without a final '/'."""
        base = urlsplit(self.settings.base_url)
        return f"{base.scheme}://{base.netloc}{self.prefix}"

    @property
    def dates(self) -> Dates:
        """When each graph was published and changed; empty under /version/, because answers there never change."""
        return {} if self.kept else self.snapshot.contents.dates

    async def ask(self, query: QueryRequest) -> QueryAnswer:
        """The answer of the version's engine, in a format that it writes or that is made from its rows.

        Raises:
            PlangrafError: what the engine raises, or `ParquetWriter.query`.
        """
        engine = self.snapshot.engine
        return await (self.parquet.query(engine, query) if query.format == PARQUET else engine.query(query))

    def own_tag(self, *parts: str) -> str:
        """The ETag of a representation of this version; see `tag`."""
        return self.tag(*parts, version=self.snapshot.id)


def pinned(request: Request) -> Pinned:
    """The pinned service of a request, which `http.pipeline.pinning` put into its scope."""
    found: Pinned = request.scope[PINNED]
    return found


def snapshot_of(request: Request) -> Snapshot:
    """The snapshot that a request is pinned to."""
    return pinned(request).snapshot


def make_service(settings: Settings, snapshots: Snapshots) -> Service:
    """Loads the service over the snapshots of a store.

    Raises:
        DataError: a named query, a collection or the site's texts cannot be used.
        OSError, ValueError: the JSON-LD context is missing or cannot be used.
    """
    body = (settings.home / "ontology" / "context.jsonld").read_bytes()
    prefix = urlsplit(settings.base_url).path.rstrip("/")
    site, collections = load_site(settings.home), load_collections(settings.home / "queries")
    check_lists(site, collections)
    kinds = load_kinds(settings.home / "queries", collections)
    queries = load_queries(settings.home / "queries")
    cache_bytes = settings.cache_mb * 1024 * 1024 // settings.processes
    return Service(
        settings=settings,
        snapshots=snapshots,
        queries=queries,
        query_words=load_query_words(settings.home / "queries", queries),
        collections=collections,
        frames=load_frames(settings.home),
        site=site,
        context=Context(json.loads(body), settings.base_url + CONTEXT_PATH),
        context_body=body,
        kinds=kinds,
        pages=Pages(prefix, labels=load_labels(settings.home), own_words=site.words, kinds=kinds),
        prefix=prefix,
        fingerprint=_fingerprint(settings),
        cache=Cache(cache_bytes),
        kept_cache=Cache(cache_bytes // _SHARE),
        federation=Federation(settings),
        parquet=ParquetWriter(),
    )


def _fingerprint(settings: Settings) -> str:
    """Hashes everything that decides answers beside the version: code, templates, queries, context, addresses."""
    package = Path(__file__).resolve().parent.parent
    files = sorted(path for path in package.rglob("*") if path.suffix in _CODE_ENDINGS)
    files += sorted((settings.home / "queries").glob("*.rq"))
    files += [*collection_files(settings.home / "queries"), settings.home / "queries" / SITE_FILE]
    files += kind_files(settings.home / "queries")
    files += (settings.home / "queries").glob(WORDS_FILE)
    files += [
        *label_files(settings.home),
        *(settings.home / "ontology" / name for name in ("context.jsonld", FRAMES_FILE)),
    ]
    digest = hashlib.sha256(f"{plangraf.__version__}\n{settings.base_url}\n{settings.operator}\n".encode())
    digest.update(b"federated\n" if settings.service_allow else b"")
    # Another release of a package may write other bytes.
    digest.update("".join(f"{one.package} {version(one.package)}\n" for one in FORMATS if one.package).encode())
    for path in files:
        digest.update(f"{path.name}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
