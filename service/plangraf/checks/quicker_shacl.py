"""Two things that pySHACL does again for each focus node, done once: half of its time over our data.

It has each text of sh:sparql parsed anew. A parsed query is not changed by its evaluation, which is what rdflib's own
prepareQuery rests on; the values for a focus node come as bindings. And it looks each property of a shape up in a list.
The results are the same. Import this only outside the serving process, since it changes rdflib and pySHACL for the
whole process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pyshacl.shape
import rdflib.plugin
from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS, CONSTRAINT_PARAMETERS_MAP
from rdflib.plugins.sparql.processor import SPARQLProcessor, prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Processor

_NAME = "sparql"
_PARAMETERS = "CONSTRAINT_PARAMS"


@lru_cache(512)
def _prepared(text: str, namespaces: frozenset[tuple[str, str]], base: str | None) -> Query:
    return prepareQuery(text, dict(namespaces), base)


class PreparedQueries(SPARQLProcessor):
    """rdflib's evaluator of queries over one graph, with a memory of texts."""

    def query(  # type: ignore[override]  # as rdflib's own has it
        self,
        query: str | Query,
        bindings: Mapping[str, Any] | None = None,
        namespaces: Mapping[str, Any] | None = None,
        base: str | None = None,
        **_: object,
    ) -> Mapping[str, Any]:
        """The result of a query; rdflib gives the first three by their places."""
        if isinstance(query, str):
            known = frozenset((prefix, str(iri)) for prefix, iri in (namespaces or {}).items())
            query = _prepared(query, known, base)
        return super().query(query, bindings, None, base)


class _Parameters(list[Any]):
    """pySHACL's list of constraint parameters, in which it looks for each property of each shape."""

    def __init__(self, parameters: Iterable[Any]) -> None:
        super().__init__(parameters)
        self._known = frozenset(self)

    def __contains__(self, parameter: object) -> bool:
        return parameter in self._known


def quicken() -> None:
    """Makes every validation of this process quicker; calling it again changes nothing."""
    rdflib.plugin.register(_NAME, Processor, __name__, PreparedQueries.__name__)
    # Where pySHACL keeps the two on first use.
    parameters = _Parameters(ALL_CONSTRAINT_PARAMETERS), CONSTRAINT_PARAMETERS_MAP
    setattr(pyshacl.shape, _PARAMETERS, parameters)
