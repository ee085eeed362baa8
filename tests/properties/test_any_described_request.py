"""The API as /openapi.json describes it: Schemathesis sends what the description allows and forbids.

No answer has a status, a content type, a header or a JSON form that the description lacks, and none is a 5xx. The short
form tries few requests at each address; `make search-api` tries many, others in each run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from example_counts import examples

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Schemathesis waits for 10 s, which a machine under load may take.
PATIENCE_S = 120
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def faults(operation: APIOperation, mode: GenerationMode, accept: str, session: requests.Session) -> Iterator[str]:
    """The first answer to requests of one kind that differs from the description, if any."""

    @settings(examples(2), suppress_health_check=list(HealthCheck), database=None)
    @given(operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: Case) -> None:
        answer = case.call(session=session, headers={"Accept": accept}, timeout=PATIENCE_S)
        case.validate_response(answer, checks=CHECKS)

    try:
        answers_as_described()
    except Unsatisfiable:
        # An address without parameters has no request that the description forbids.
        assert mode is GenerationMode.NEGATIVE, operation.label
    except BaseExceptionGroup as found:
        yield f"{operation.label}, Accept {accept}: {found}"


@pytest.mark.slow
@pytest.mark.hypothesis
@pytest.mark.parametrize(
    "accept", [pytest.param("*/*", id="program"), pytest.param(BROWSER, id="browser", marks=pytest.mark.slow)]
)
def test_no_answer_differs_from_the_description_of_the_api(url: str, accept: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    with requests.Session() as session:
        found = [
            fault
            for operation in schema.get_all_operations()
            for mode in GenerationMode
            for fault in faults(operation.ok(), mode, accept, session)
        ]
    assert not found, "\n\n".join(found)
