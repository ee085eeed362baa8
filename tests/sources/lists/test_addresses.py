"""A list from an address: followed, bounded, and never an error page or a part of a file."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_lists import ASCII, DAY, PREFIXES, mapping_file, settings, values

from local_server import run_in_thread
from plangraf.errors import ListError, ListUnreachableError
from plangraf.sources.lists.linking import link

GOOD = f"{PREFIXES}<https://lists.example/1> a sdgo:Indicator ; sdgo:isIndicatorOf sdg:11.6 .".encode()


class Handler(BaseHTTPRequestHandler):
    """Answers by the path; counts the requests."""

    asked: list[str]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        name = "moved" if self.path == "/flyttet-p%C3%A5-nytt" else self.path.strip("/").replace("-", "_")
        answer = getattr(self, f"answer_{name}", None)
        if answer is None:
            self.send_error(404)
        else:
            answer()

    def give(self, body: bytes, kind: str, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, to: str, status: int = 302) -> None:
        self.send_response(status)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_list(self) -> None:
        self.give(GOOD, "text/turtle; charset=utf-8")

    def answer_codes(self) -> None:
        self.give(b'{"codes": [{"code": "5001", "name": "Trondheim"}]}', "application/json")

    def answer_changes(self) -> None:
        change = b'{"oldCode": "5030", "oldName": "A", "newCode": "5001", "changeOccurred": "2020-01-01"}'
        self.give(b'{"codeChanges": [' + change + b"]}", "application/json")

    def answer_moved(self) -> None:
        self.redirect("/moved-again", 308)

    def answer_moved_again(self) -> None:
        self.redirect("/list")

    def answer_circle(self) -> None:
        self.redirect("/circle")

    def answer_to_a_file(self) -> None:
        self.redirect("file:///etc/hostname")

    def answer_page(self) -> None:
        self.give(b"<!DOCTYPE html><title>Logg inn</title>", "text/html")

    def answer_page_as_text(self) -> None:
        self.give(b"<!DOCTYPE html><title>Logg inn</title>", "text/plain")

    def answer_picture(self) -> None:
        self.give(b"\x89PNG", "image/png")

    def answer_broken_off(self) -> None:
        self.give(GOOD[:200], "text/turtle", len(GOOD))

    def answer_part(self) -> None:
        self.send_response(206)
        self.send_header("Content-Type", "text/turtle")
        self.send_header("Content-Length", str(len(GOOD)))
        self.end_headers()
        self.wfile.write(GOOD)

    def answer_large(self) -> None:
        self.give(b"# " + b"x" * (1 << 20) + b"\n" + GOOD, "text/turtle")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []  # type: ignore[attr-defined]
    with run_in_thread(server) as url:
        yield url


def test_a_list_is_fetched_over_redirects_and_the_dataset_names_the_address_that_gave_it(
    tmp_path: Path, address: str
) -> None:
    done = link(settings(), mapping_file(tmp_path), [f"{address}/flyttet-på-nytt"], today=DAY)
    assert values(done.folder, ASCII, "dcterms:source") == [f"<{address}/list>"]
    assert done.things == {"indicators": 1, "links to targets": 1}


def test_a_list_from_several_addresses_names_each(tmp_path: Path, address: str) -> None:
    mapping = mapping_file(tmp_path, kind="areas", label=[], read={"format": "klass"})
    done = link(settings(), mapping, [f"{address}/codes", f"{address}/changes"], today=DAY)
    assert values(done.folder, ASCII, "dcterms:source") == [f"<{address}/changes>", f"<{address}/codes>"]
    assert done.things == {"municipalities": 2, "changes": 1}


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("missing", ListUnreachableError, r"status 404 \(.*The list is not there any more"),
        ("circle", ListUnreachableError, "answers with status 302"),
        ("to-a-file", ListUnreachableError, "file:///etc/hostname' is not allowed"),
        ("page", ListError, "gives text/html, not turtle"),
        ("page-as-text", ListError, "is an HTML page, not the list"),
        ("picture", ListError, "gives image/png, not turtle"),
        ("broken-off", ListUnreachableError, "broke off after 200 bytes, before the announced end"),
        ("part", ListUnreachableError, r"status 206 \(Partial Content\), not with the whole list"),
        ("large", ListError, "is larger than 1 MiB"),
    ],
)
def test_what_is_not_the_whole_list_is_refused_and_the_folder_is_as_it_was(
    tmp_path: Path, address: str, path: str, error: type[ListError], message: str
) -> None:
    mapping = mapping_file(tmp_path)
    link(settings(), mapping, [f"{address}/list"], today=DAY)
    before = {file.name: file.read_bytes() for file in mapping.parent.iterdir()}
    with pytest.raises(error, match=message):
        link(settings(), mapping, [f"{address}/{path}"], today=DAY, limit=1 << 20)
    assert {file.name: file.read_bytes() for file in mapping.parent.iterdir()} == before
    assert [file.name for file in mapping.parent.parent.iterdir()] == ["maaling"]


@pytest.mark.parametrize("source", ["http://127.0.0.1:9/list", "http://", "http://127.0.0.1:x/", "https://[::1/"])
def test_a_server_that_is_not_there_and_an_address_that_is_none_are_told(tmp_path: Path, source: str) -> None:
    with pytest.raises(ListUnreachableError, match="cannot be fetched"):
        link(settings(), mapping_file(tmp_path), [source], today=DAY)


@pytest.mark.parametrize("source", ["file:///etc/hostname", "ftp://lists.example/list.ttl", "data:text/turtle,x"])
def test_an_address_of_another_scheme_is_no_path(tmp_path: Path, source: str) -> None:
    with pytest.raises(ListError, match="is neither a path nor an address"):
        link(settings(), mapping_file(tmp_path), [source], today=DAY)


def test_the_scheme_of_an_address_may_be_in_capitals(tmp_path: Path, address: str) -> None:
    done = link(settings(), mapping_file(tmp_path), [f"{address.replace('http', 'HTTP')}/list"], today=DAY)
    assert done.things == {"indicators": 1, "links to targets": 1}
