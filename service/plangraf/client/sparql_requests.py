"""SPARQL by SPARQLWrapper, which writes the request; the client's own transport sends it, retries it and checks it."""

from __future__ import annotations

from SPARQLWrapper import ASK, JSON, POST, SELECT, SPARQLWrapper

from plangraf.client.failures import UsageError
from plangraf.client.transport import Received, Transport


class _Request(SPARQLWrapper):
    """Sends by the client's transport, because SPARQLWrapper's own reads the body of a refusal and loses it."""

    def received(self, transport: Transport) -> Received:
        return transport.send(self._createRequest())


def ask(endpoint: str, text: str, transport: Transport, agent: str) -> Received:
    """The answer of an endpoint to a SELECT or an ASK.

    Raises:
        UsageError: the text is another kind of query, or an update.
        ClientError: what the transport raises.
    """
    request = _Request(endpoint, returnFormat=JSON, agent=agent)
    request.setMethod(POST)
    request.setQuery(text)
    if request.queryType not in (SELECT, ASK):
        raise UsageError(
            f"This is {request.queryType}, and rows come from SELECT and ASK. "
            f"For a graph ask {endpoint} with rdflib or SPARQLWrapper; the service takes no updates."
        )
    return request.received(transport)
