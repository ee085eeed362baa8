"""An S3 server on this machine, and stores in it and in folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from object_server import make_bucket, object_server, variables


@pytest.fixture(autouse=True)
def _log(every_log_line: None) -> None:
    """Replicas tell what goes wrong in their log."""


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Address of moto's S3 server; the variables of the client lead to it."""
    with object_server() as address, pytest.MonkeyPatch.context() as patch:
        # The store's client does not start when the folder of certificates is not one, as for the other tests.
        patch.delenv("SSL_CERT_DIR", raising=False)
        for name, value in variables(address).items():
            patch.setenv(name, value)
        yield address


@pytest.fixture
def bucket(s3: str) -> str:
    """Address of a folder in a bucket of its own."""
    return make_bucket(s3)


@pytest.fixture
def folder_store(tmp_path: Path) -> str:
    return f"file:{tmp_path / 'objects of tests'}"


@pytest.fixture(params=["s3", "file"])
def address(request: pytest.FixtureRequest) -> str:
    """A store of each kind that can be tried here."""
    found: str = request.getfixturevalue("bucket" if request.param == "s3" else "folder_store")
    return found
