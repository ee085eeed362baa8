"""Loads the labels of properties from other vocabularies: `ontology/labels/*.ttl`, one line of Turtle per term.

A version makes no statements about terms of other vocabularies. The service therefore reads these labels when it
starts, and pages show them where the data have no label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.named.binding import LANGUAGES

FOLDER = "labels"
_LABEL = NamedNode(PREFIXES["rdfs"] + "label")

TermLabels = Mapping[str, Mapping[str, str]]
"""The label of each term, by its IRI and language."""


def label_files(home: Path) -> list[Path]:
    return sorted((home / "ontology" / FOLDER).glob("*.ttl"))


def load_labels(home: Path) -> TermLabels:
    """Reads the label files of a home; returns nothing when it has none.

    Raises:
        DataError: a file is invalid; each problem names file and line.
    """
    found: dict[str, dict[str, str]] = {}
    problems: list[FileDiagnostic] = []
    for path in label_files(home):
        text = path.read_text(encoding="utf-8")
        file = str(path.relative_to(home))
        own: dict[str, dict[str, str]] = {}
        try:
            for quad in parse(text.encode(), RdfFormat.TURTLE):
                term, label = quad.subject, quad.object
                if quad.predicate != _LABEL or not isinstance(label, Literal) or not isinstance(term, NamedNode):
                    problems.append(
                        _problem(
                            file,
                            text,
                            term.value if isinstance(term, NamedNode) else "",
                            "a line gives a term its rdfs:label, and nothing else.",
                            "en linje gir et ord dets rdfs:label, og ikke noe annet.",
                        )
                    )
                elif label.language in own.setdefault(term.value, {}) or term.value in found:
                    problems.append(
                        _problem(
                            file,
                            text,
                            term.value,
                            "the term has two labels in one language.",
                            "ordet har to navn på ett språk.",
                        )
                    )
                else:
                    own[term.value][label.language or ""] = label.value
        except SyntaxError as error:
            line = error.lineno or 1
            problems.append(in_file(file, line, f"Dette er ikke Turtle: {error.msg}", f"Not Turtle: {error.msg}"))
            continue
        for iri, labels in own.items():
            if missing := [language for language in LANGUAGES if language not in labels]:
                problems.append(
                    _problem(
                        file,
                        text,
                        iri,
                        f"the label in {', '.join(missing)} is missing.",
                        f"navnet på {', '.join(missing)} mangler.",
                    )
                )
        found |= own
    if problems:
        raise DataError(problems)
    return found


def _problem(file: str, text: str, iri: str, en: str, nb: str) -> FileDiagnostic:
    """A problem at the first line that contains the term."""
    lines = text.splitlines()
    line = next((number for number, line in enumerate(lines, 1) if any(name in line for name in _names(iri))), 1)
    return in_file(file, line, f"{iri}: {nb}", f"{iri}: {en}")


def _names(iri: str) -> Iterable[str]:
    """The spellings of an IRI at the start of a line of Turtle."""
    yield f"<{iri}>"
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            yield f"{prefix}:{iri.removeprefix(namespace)} "
