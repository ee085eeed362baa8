"""The ontology as one HTML page, rendered by pyLODE at build time: https://github.com/RDFLib/pyLODE"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
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
# The base of the relative IRIs in pyLODE's own files, because their path differs between machines.
_NOWHERE = "http://pylode.invalid/"


def render(quads: Iterable[Quad]) -> bytes:
    """The page of classes and properties; the concept schemes have documents of their own.

    The same quads give the same bytes, on any machine and without network.

    Raises:
        DataError: pyLODE cannot render the ontology.
    """
    # pyLODE sets up the root logger at import and logs its steps, unless the logger has a handler.
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
        background = _background(utils.RDF_FOLDER)
        titles = _titles(background)
        for module in (utils, ontpub):
            module.load_background_onts = lambda: background
            module.load_background_onts_titles = lambda _: titles
        page: str = ontpub.OntPub(graph, sort_subjects=True).make_html()
    except (Exception, SystemExit) as error:  # pyLODE leaves by exit() when it cannot read its input
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
    return _with_own_anchors(page).encode()


def _join_labels(graph: rdflib.Graph) -> None:
    """Joins the labels of each term into one, because pyLODE prints several without a separator."""
    from rdflib import RDFS, Literal

    for term in set(graph.subjects(RDFS.label)):
        labels = {str(label.language): str(label) for label in graph.objects(term, RDFS.label)}  # type: ignore[attr-defined]  # labels are literals, by shape
        joined = " · ".join(labels[language] for language in sorted(labels))
        graph.set((term, RDFS.label, Literal(joined)))


def _with_own_anchors(page: str) -> str:
    """The page with each term's local name as its anchor, so that `/ontology#GoverningDocument` leads there.

    pyLODE makes its anchors from labels.
    """
    anchors = {match[1]: match[2] for match in _ENTITY.finditer(page)}
    return _ANCHOR.sub(lambda match: f'{match[1]}{anchors.get(match[2], match[2])}"', page)


def _background(folder: Path) -> rdflib.Graph:
    """The vocabularies that pyLODE brings along, with dcterms:title and dcterms:description for each term.

    Replaces pyLODE's own loader, which keeps a pickle inside the installed package: that fails in a read-only one,
    and a build killed while it writes would break every later build.
    """
    from rdflib import DC, DCTERMS, RDFS, SDO, SKOS

    from plangraf.rdf.rdflib_graph import to_rdflib

    graph = to_rdflib(
        Quad(triple.subject, triple.predicate, triple.object)
        for path in sorted(folder.glob("*.ttl"))
        for triple in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=_NOWHERE, rename_blank_nodes=True)
    )
    for wanted, others in (
        (DCTERMS.title, (DC.title, RDFS.label, SKOS.prefLabel, SDO.name)),
        (DCTERMS.description, (DC.description, RDFS.comment, SKOS.definition, SDO.description)),
    ):
        for other in others:
            for subject, text in list(graph.subject_objects(other)):
                graph.add((subject, wanted, text))
    return graph


def _titles(background: rdflib.Graph) -> dict[str, str]:
    from rdflib import DCTERMS, OWL, RDF

    titles = {
        str(ontology): min(map(str, background.objects(ontology, DCTERMS.title)), default="")
        for ontology in background.subjects(RDF.type, OWL.Ontology)
    }
    return {iri: title for iri, title in sorted(titles.items(), key=lambda item: item[1]) if title}
