"""The Python client for researchers: named queries, SPARQL and collections as typed rows or data frames.

    from plangraf.client import Plangraf

    service = Plangraf("http://127.0.0.1:8000").pin()
    plans = service.query("plans-by-target", target="11.6").pandas()
    print(service.cite().text)

It needs SPARQLWrapper (the extra `client`) and imports nothing else of this package, so that it runs where none of the
service's own dependencies are. Data frames need pandas, polars or pyarrow, whichever is asked for.
"""

from plangraf.client.citing import Citation
from plangraf.client.connection import Plangraf
from plangraf.client.failures import (
    AnswerError,
    ClientError,
    ConnectionFailedError,
    IncompleteError,
    LibraryMissingError,
    Place,
    ProblemError,
    UsageError,
)
from plangraf.client.rows import Rows
from plangraf.client.typed_values import Iri, Value

__all__ = [
    "AnswerError",
    "Citation",
    "ClientError",
    "ConnectionFailedError",
    "IncompleteError",
    "Iri",
    "LibraryMissingError",
    "Place",
    "Plangraf",
    "ProblemError",
    "Rows",
    "UsageError",
    "Value",
]
