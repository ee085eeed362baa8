"""What the files of the versions folder are called, and how they are encoded."""

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
CONTEXTS = "context"
PRUNED = "pruned.json"
LOCK = ".lock"
TEMPORARY = ".tmp-"

VERSION_ID = re.compile(r"[0-9a-f]{16}")


def context_digest(body: bytes) -> str:
    """The name of a kept copy of a JSON-LD context."""
    return hashlib.sha256(body).hexdigest()[:16]


def encode_json(value: object) -> bytes:
    """The same bytes for equal values."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
