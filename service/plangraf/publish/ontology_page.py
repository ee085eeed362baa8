"""Renders the ontology as one HTML page with pyLODE: https://github.com/RDFLib/pyLODE"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from plangraf.diagnostics.diagnostic import DataError, in_file
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, PLAN, PREFIXES, SCHEME

if TYPE_CHECKING:
    import rdflib

PAGE = "ontology.html"
_ONTOLOGY = NamedNode(ONTOLOGY_GRAPH)
_DIV = '<div class="property entity"'
_ENTITY = re.compile(rf'{_DIV} id="([^"]+)">(?:(?!{_DIV}).)*?<code>{re.escape(PLAN)}([^<]+)</code>', re.DOTALL)
_ANCHOR = re.compile(r'((?:id|href)="#?)([^"#:/]+)"')
# A fixed base for the relative IRIs in pyLODE's files, because the path of the files differs between machines.
_FIXED_BASE = "http://pylode.invalid/"


def render(quads: Iterable[Quad]) -> bytes:
    """Renders the page of classes and properties. It omits the concept schemes, which have documents of their own.

    The same quads give the same bytes, on any machine and without network.

    Raises:
        DataError: pyLODE cannot render the ontology.
    """
    # A root logger with a handler, because pyLODE otherwise configures it at import and logs each step.
    logging.basicConfig(level=logging.WARNING)
    from pylode import utils
    from pylode.profiles import ontpub

    from plangraf.rdf.rdflib_graph import to_rdflib

    graph = to_rdflib(
        quad for quad in quads if quad.graph_name == _ONTOLOGY and not str(quad.subject).startswith(f"<{SCHEME}")
    )
    _join_labels(graph)
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    try:
        background = load_background(utils.RDF_FOLDER)
        titles = _ontology_titles(background)
        for module in (utils, ontpub):
            module.load_background_onts = lambda: background
            module.load_background_onts_titles = lambda _: titles
        page: str = ontpub.OntPub(graph, sort_subjects=True).make_html()
    except (Exception, SystemExit) as error:  # pyLODE calls exit() when it cannot read its input
        reason = str(error) or type(error).__name__
        raise DataError(
            [
                in_file(
                    "ontology/",
                    None,
                    f"HTML-siden for ontologien kan ikke lages. pyLODE sier: {reason}",
                    f"The HTML page of the ontology cannot be rendered. pyLODE says: {reason}",
                )
            ]
        ) from error
    return _replace_anchors(page).encode()


def _join_labels(graph: rdflib.Graph) -> None:
    """Joins the labels of each term into one, because pyLODE prints several without a separator."""
    from rdflib import RDFS, Literal

    for term in set(graph.subjects(RDFS.label)):
        labels = {str(label.language): str(label) for label in graph.objects(term, RDFS.label)}  # type: ignore[attr-defined]  # labels are literals, by shape
        joined = " · ".join(labels[language] for language in sorted(labels))
        graph.set((term, RDFS.label, Literal(joined)))


def _replace_anchors(page: str) -> str:
    """Replaces pyLODE's anchors by local names, so that `/ontology#GoverningDocument` leads to the term.

    pyLODE derives its anchors from labels.
    """
    anchors = {match[1]: match[2] for match in _ENTITY.finditer(page)}
    return _ANCHOR.sub(lambda match: f'{match[1]}{anchors.get(match[2], match[2])}"', page)


@cache
def load_background(folder: Path) -> rdflib.Graph:
    """Loads the vocabularies that pyLODE ships, and adds dcterms:title and dcterms:description to each term.

    It replaces pyLODE's loader, because that one writes a pickle into the installed package. The write fails in a
    read-only installation, and a build that is killed during it would break every later build.
    """
    from rdflib import DC, DCTERMS, RDFS, SDO, SKOS

    from plangraf.rdf.rdflib_graph import to_rdflib

    graph = to_rdflib(
        Quad(triple.subject, triple.predicate, triple.object)
        for path in sorted(folder.glob("*.ttl"))
        for triple in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=_FIXED_BASE, rename_blank_nodes=True)
    )
    for wanted, others in (
        (DCTERMS.title, (DC.title, RDFS.label, SKOS.prefLabel, SDO.name)),
        (DCTERMS.description, (DC.description, RDFS.comment, SKOS.definition, SDO.description)),
    ):
        for other in others:
            for subject, text in list(graph.subject_objects(other)):
                graph.add((subject, wanted, text))
    return graph


def _ontology_titles(background: rdflib.Graph) -> dict[str, str]:
    from rdflib import DCTERMS, OWL, RDF

    titles = {
        str(ontology): min(map(str, background.objects(ontology, DCTERMS.title)), default="")
        for ontology in background.subjects(RDF.type, OWL.Ontology)
    }
    return {iri: title for iri, title in sorted(titles.items(), key=lambda item: item[1]) if title}
