"""Versions: immutable folders with everything that a server needs, and a link to the current one.

Between `publish`, which writes them, and `engines`, which read them.

    versions/<id>/data.nq.zst      sorted unique N-Quads lines, zstd; the id is a hash of these lines alone
    versions/<id>/manifest.json    description of the version, without times
    versions/<id>/dump/            whole downloads, see plangraf.publish.dumps
    versions/<id>/pictures/        drawings and their rows, see plangraf.publish.pictures.writing
    versions/<id>/object-kinds.json  kinds of the literals of each predicate
    versions/<id>/term-counts.json how often it uses each term, see plangraf.rdf.term_counts
    versions/<id>/bulk.json        the version's bulk graphs, see plangraf.store.versions.bulk
    versions/<id>/bulk-stores/     all triples for the engine, when there are bulk graphs
    versions/<id>/search/          the index for the search, see plangraf.search.index_files
    versions/<id>/…                files derived from the same data: validation report, the ontology's page
    versions/<id>/removed.json     subjects of earlier versions that it lacks, each with the last version that had it
    versions/current               symbolic link to one id, replaced by one atomic rename
    versions/inputs.json           digest of the input files of the newest build, so that an equal build is
                                   skipped, and its data folders
    versions/feed/                 every change from one current version to the next, see plangraf.store.changes
    versions/feed/dates-<id>.json  when each graph was first published and last changed, as of that version
    versions/context/              every published JSON-LD context; pruning keeps them
    versions/bulk/                 bulk files and their stores, kept as long as a version has them
    versions/pruned.json           ids of removed versions
    versions/.replica/             what a replica has taken over, see plangraf.replicas.folder
    versions/<id>/.withdrawn       says that a replica removes the version as soon as no process has it open

N-Quads: https://www.w3.org/TR/n-quads/
"""

from plangraf.store.versions.store import VersionStore
from plangraf.store.versions.version import (
    BULK_STORES,
    DOWNLOADS,
    DOWNLOADS_INDEX,
    FEED,
    REMOVED,
    Version,
    context_digest,
)

__all__ = [
    "BULK_STORES",
    "DOWNLOADS",
    "DOWNLOADS_INDEX",
    "FEED",
    "REMOVED",
    "Version",
    "VersionStore",
    "context_digest",
]
