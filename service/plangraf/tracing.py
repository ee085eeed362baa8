"""Traces of requests for OpenTelemetry, off unless PLANGRAF_TRACES names a collector. Without it nothing is imported.

Few spans: the request, the lease of a kept version, the query at the engine, and the sending of the answer. The trace
of a client (`traceparent`, https://www.w3.org/TR/trace-context/) goes on in them, and in the endpoint that an engine
asks. No span has a parameter, a client or, unless PLANGRAF_TRACES_QUERIES says so, the text of a query.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import plangraf
from plangraf.settings import Settings

_LONGEST_QUERY = 10_000
_FLUSH_S = 2
_EXPORT_S = 5


class Tracing:
    """The tracer of one process, after `start`."""

    _provider: Any = None
    _exporter: Any = None
    _tracer: Any = None
    _propagator: Any = None
    with_queries = False

    @classmethod
    def start(cls, settings: Settings) -> None:
        """Starts to send spans to the collector of the settings, if there is one. Call it after the last fork."""
        if settings.traces is None or cls._tracer is not None:
            return
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES add to it.
        resource = Resource.create({"service.name": "plangraf", "service.version": plangraf.__version__})
        provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(settings.traces_share)), resource=resource)
        exporter = OTLPSpanExporter(endpoint=f"{settings.traces.rstrip('/')}/v1/traces", timeout=_EXPORT_S)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        cls._provider, cls._exporter = provider, exporter
        cls._tracer = provider.get_tracer("plangraf", plangraf.__version__)
        cls._propagator = TraceContextTextMapPropagator()
        cls.with_queries = settings.traces_queries

    @classmethod
    def stop(cls) -> None:
        """Sends what waits, for some seconds at most, and ends. It blocks."""
        provider, cls._provider, cls._tracer = cls._provider, None, None
        if provider is not None:
            # The exporter would go on trying while the collector is away.
            late = threading.Timer(_FLUSH_S, cls._exporter.shutdown)
            late.start()
            provider.shutdown()
            late.cancel()


def is_on() -> bool:
    return Tracing._tracer is not None


def span(name: str, **attributes: str | int | float) -> AbstractContextManager[Any]:
    """A span below the present one, with its attributes; None is yielded when traces are off."""
    if Tracing._tracer is None:
        return nullcontext()
    found: AbstractContextManager[Any] = Tracing._tracer.start_as_current_span(name, attributes=attributes)
    return found


def request_span(
    name: str, headers: Iterable[tuple[bytes, bytes]], attributes: Mapping[str, str]
) -> AbstractContextManager[Any]:
    """The span of a request, in the trace that its headers name, if any; only when traces are on."""
    from opentelemetry.trace import SpanKind

    sent = {key.decode("latin-1"): value.decode("latin-1") for key, value in headers if key.startswith(b"trace")}
    found: AbstractContextManager[Any] = Tracing._tracer.start_as_current_span(
        name, context=Tracing._propagator.extract(sent), kind=SpanKind.SERVER, attributes=attributes
    )
    return found


def begin_span(name: str) -> Any:
    """A span below the present one that the caller ends with `end()`; only when traces are on."""
    return Tracing._tracer.start_span(name)


def outgoing_headers() -> Mapping[str, str]:
    """The headers that carry the present trace to another server; empty when traces are off."""
    headers: dict[str, str] = {}
    if Tracing._tracer is not None:
        Tracing._propagator.inject(headers)
    return headers


def query_attributes(query: str) -> dict[str, str | int]:
    """What a span tells of a query: its length, and its text where the settings say so."""
    found: dict[str, str | int] = {"db.system.name": "sparql", "plangraf.query.characters": len(query)}
    if Tracing.with_queries:
        found["db.query.text"] = query[:_LONGEST_QUERY]
    return found
