"""The vocabularies of this checkout, read at the first use: both processes of a run collect, and one tests."""

from __future__ import annotations

from functools import cache

from plangraf.checks.terms_used import Namespaces
from plangraf.checks.vocabulary import Vocabularies, load_pinned
from plangraf.sources.files import source_files
from plangraf.sources.turtle import read
from small_home import ROOT

LISTS = ROOT / "ontology" / "vocabularies"


@cache
def vocabularies() -> Vocabularies:
    """The pinned vocabularies, and the terms of our own files."""
    return load_pinned(LISTS).including(read(source_files(ROOT)).quads)


@cache
def namespaces() -> Namespaces:
    return Namespaces(vocabularies())
