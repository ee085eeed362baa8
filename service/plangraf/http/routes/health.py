"""`/health/live`, `/health/ready` and `/metrics`: liveness, readiness and numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf import metrics
from plangraf.errors import NotReadyError
from plangraf.http.resource.openapi import PROBLEMS
from plangraf.http.service import Service, snapshot_of


def add_routes(app: FastAPI, service: Service) -> None:
    async def live() -> Response:
        return _json({"status": "live"})

    async def ready(request: Request) -> Response:
        snapshot = snapshot_of(request)
        if not snapshot.engine.ready:
            raise NotReadyError
        body: dict[str, object] = {
            "status": "ready", "version": snapshot.id, "triples": snapshot.contents.triples
        }  # fmt: skip
        if service.settings.replica_from is not None:
            body["replica"] = await run_in_threadpool(service.snapshots.store.replica_status)
        return _json(body)

    async def numbers() -> Response:
        if service.settings.replica_from is not None:
            metrics.record_replica(await run_in_threadpool(service.snapshots.store.replica_status))
        body, content_type = metrics.render()
        return Response(body, headers={"Cache-Control": "no-store", "Content-Type": content_type})

    app.add_api_route(
        "/metrics",
        numbers,
        methods=["GET"],
        operation_id="metrics",
        tags=["Operations"],
        summary="What happens in the service, for Prometheus",
        response_class=Response,
        responses={200: {"description": "The numbers", "content": {"text/plain": {}}}},
    )
    app.add_api_route(
        "/health/live",
        live,
        methods=["GET"],
        operation_id="live",
        tags=["Operations"],
        summary="Whether the process is alive",
        response_class=Response,
        responses={200: {"description": "It is", "content": {"application/json": {}}}},
    )
    app.add_api_route(
        "/health/ready",
        ready,
        methods=["GET"],
        operation_id="ready",
        tags=["Operations"],
        summary="Whether queries are answered, from which version",
        response_class=Response,
        responses={200: {"description": "They are", "content": {"application/json": {}}}, 503: PROBLEMS[503]},
    )


def _json(body: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(body), headers={"Cache-Control": "no-store"}, media_type="application/json")
