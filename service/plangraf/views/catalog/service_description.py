"""SPARQL 1.1 Service Description of the endpoint, made from the version and the settings."""

from __future__ import annotations

from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS
from plangraf.rdf.graph import RDF_TYPE, Statements

_SD = "http://www.w3.org/ns/sparql-service-description#"
_VOID = "http://rdfs.org/ns/void#"
_INTEGER = NamedNode("http://www.w3.org/2001/XMLSchema#integer")


def service_name(endpoint: str) -> NamedNode:
    return NamedNode(f"{endpoint}#service")


def service_description(
    endpoint: str, triples: int, graphs: Mapping[str, int], *, federated: bool = False
) -> Statements:
    """Describes one endpoint, with IRIs instead of blank nodes, so that harvesters can merge it.

    Args:
        endpoint: absolute address of /sparql.
        triples: number of distinct triples in the default graph, the union of all graphs.
        graphs: number of triples of each named graph.
        federated: whether SERVICE may call any other endpoint.
    """
    service = service_name(endpoint)
    dataset = NamedNode(f"{endpoint}#dataset")
    union = NamedNode(f"{endpoint}#union")
    graph: Statements = [
        (service, RDF_TYPE, NamedNode(_SD + "Service")),
        (service, NamedNode(_SD + "endpoint"), NamedNode(endpoint)),
        (service, NamedNode(_SD + "supportedLanguage"), NamedNode(_SD + "SPARQL11Query")),
        (service, NamedNode(_SD + "feature"), NamedNode(_SD + "UnionDefaultGraph")),
        (service, NamedNode(_SD + "defaultDataset"), dataset),
        (dataset, RDF_TYPE, NamedNode(_SD + "Dataset")),
        (dataset, NamedNode(_SD + "defaultGraph"), union),
        (union, RDF_TYPE, NamedNode(_SD + "Graph")),
        (union, NamedNode(_VOID + "triples"), Literal(str(triples), datatype=_INTEGER)),
    ]
    if federated:
        graph.append((service, NamedNode(_SD + "feature"), NamedNode(_SD + "BasicFederatedQuery")))
    for format_ in (*RESULT_FORMATS, *GRAPH_FORMATS):
        if format_.iri:
            graph.append((service, NamedNode(_SD + "resultFormat"), NamedNode(format_.iri)))
    for number, (name, size) in enumerate(sorted(graphs.items()), start=1):
        named, content = NamedNode(f"{endpoint}#graph-{number}"), NamedNode(f"{endpoint}#content-{number}")
        graph += [
            (dataset, NamedNode(_SD + "namedGraph"), named),
            (named, RDF_TYPE, NamedNode(_SD + "NamedGraph")),
            (named, NamedNode(_SD + "name"), NamedNode(name)),
            (named, NamedNode(_SD + "graph"), content),
            (content, RDF_TYPE, NamedNode(_SD + "Graph")),
            (content, NamedNode(_VOID + "triples"), Literal(str(size), datatype=_INTEGER)),
        ]
    return graph
