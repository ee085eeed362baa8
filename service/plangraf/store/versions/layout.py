"""Names and encoding of the files in the versions folder."""

from __future__ import annotations

import hashlib
import json
import re

DUMP = "data.nq.zst"
MANIFEST = "manifest.json"
CURRENT = "current"
INPUTS = "inputs.json"
FEED = "feed"
DOWNLOADS = "dump"
DOWNLOADS_INDEX = "index.json"
REMOVED = "removed.json"
OBJECT_KINDS = "object-kinds.json"
BULK = "bulk.json"
BULK_FILES = "bulk"
CONTEXTS = "context"
PRUNED = "pruned.json"
LOCK = ".lock"
TEMPORARY = ".tmp-"

VERSION_ID = re.compile(r"[0-9a-f]{16}")


def context_digest(body: bytes) -> str:
    """The digest that names a kept JSON-LD context."""
    return hashlib.sha256(body).hexdigest()[:16]


def encode_json(value: object) -> bytes:
    """Encodes equal values as equal bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
