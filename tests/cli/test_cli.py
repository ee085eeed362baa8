"""The command line in real processes: help with examples, clear errors, and a server that stops when told."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from forked_python import run_code, run_command, start_command
from plangraf import __version__
from plangraf.store.versions import VersionStore
from running_server import Process, start_python
from small_home import CASE, ROOT, command, environ, make_home, plangraf, write

COMMANDS = ("build", "validate", "export-sheet", "import-sheet", "versions", "query", "serve")
_COLLECTION = """\
#+ title: {nb: Saker, en: Cases}
#+ summary: Cases with their numbers
#+ order: [plan:caseNumber]
#+ columns:
#+   caseNumber: {nb: Saksnummer, en: Case number, path: plan:caseNumber}
PREFIX plan: <https://w3id.org/plangraf/ontology#>
SELECT ?thing WHERE { ?thing a plan:Case }
"""
READY = re.compile(r"plangraf (http://127\.0\.0\.1:\d+) version ([0-9a-f]{16}) triples (\d+)\n")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small home with a built version; tests that change files create their own."""
    folder = make_home(tmp_path_factory.mktemp("cli") / "home")
    add_what_serving_needs(folder)
    run = plangraf("build", "--quiet", home=folder)
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture
def own_home(tmp_path: Path) -> Path:
    folder = make_home(tmp_path / "home")
    add_what_serving_needs(folder)
    return folder


def add_what_serving_needs(folder: Path) -> None:
    (folder / "ontology" / "context.jsonld").write_bytes((ROOT / "ontology" / "context.jsonld").read_bytes())
    site = yaml.safe_load((ROOT / "queries" / "site.yaml").read_text(encoding="utf-8"))
    # Without what names lists, because this home has one.
    site |= {"questions": [], "counted": ["cases"], "groups": []}
    (folder / "queries" / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    (folder / "ontology" / "frames.jsonld").write_text('{"summary": [], "frames": []}', encoding="utf-8")
    (folder / "queries" / "collections").mkdir()
    (folder / "queries" / "collections" / "cases.rq").write_text(_COLLECTION, encoding="utf-8")


@contextmanager
def running_service(
    home: Path, *options: str, start: Callable[..., Process] = start_command, **environment: str
) -> Iterator[tuple[Process, str, str]]:
    """A running server, its address and its version; what it wrote to stderr is in home/serve.log.

    One HTTP process unless `options` say otherwise: starting more is most of what such a test costs.
    """
    with (home / "serve.log").open("w") as log:
        process = start(
            *("serve", "--port", "0", *options),
            env=environ(home, **{"PLANGRAF_PROCESSES": "1", **environment}),
            cwd=home,
            stderr=log,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        match = READY.fullmatch(line)
        assert match, (line, (home / "serve.log").read_text())
        yield process, match[1], match[2]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(timeout=30) == 0, (home / "serve.log").read_text()
        finally:
            process.kill()
            process.stdout.close()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as response:
        return str(response.read().decode())


# Help


def test_help_lists_the_commands_and_the_usual_way(home: Path) -> None:
    run = plangraf("--help", home=home)
    assert run.returncode == 0
    assert all(re.search(rf"^  {name} ", run.stdout, re.MULTILINE) for name in COMMANDS)
    assert "plangraf validate mine.ttl" in run.stdout
    assert plangraf(home=home).stderr == run.stdout


def test_the_version_option_does_not_import_the_modules_of_commands(home: Path) -> None:
    assert plangraf("--version", home=home).stdout == f"plangraf {__version__}\n"
    script = "import sys; sys.argv = ['plangraf', '--version']; from plangraf.cli import main\n"
    script += "try:\n    main()\nfinally:\n    print({'pyoxigraph', 'pydantic', 'uvicorn', 'yaml'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert run.stdout.endswith("\nset()\n"), run.stdout + run.stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_an_example_of_it(home: Path, name: str) -> None:
    run = plangraf(name, "--help", home=home)
    assert run.returncode == 0
    assert run.stdout.startswith(f"Usage: plangraf {name}")
    example = run.stdout.partition("Example")[2]
    assert re.search(rf"^ +.*plangraf {name}\b", example, re.MULTILINE)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (("serve", "--port", "70000"), {}, r"PLANGRAF_PORT: .*65535 \(found 70000\)"),
        (("build",), {"PLANGRAF_QUERY_TIMEOUT_S": "soon"}, r"PLANGRAF_QUERY_TIMEOUT_S: .*\(found 'soon'\)"),
        (("build",), {"PLANGRAF_HOME": "/nowhere"}, r"PLANGRAF_HOME: .*/nowhere has no folder ontology"),
        (("serve", "--host", "192.0.2.1"), {}, r"PLANGRAF_PORT: 192\.0\.2\.1:\d+ cannot be bound"),
        (("validate", "nowhere.ttl"), {}, r"There is no file nowhere\.ttl\."),
        (("query",), {}, r"Give a query: a FILE, or its text with -q\."),
    ],
)
def test_an_invalid_setting_gives_one_clear_line(
    home: Path, arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    run = plangraf(*arguments, home=home, **environment)
    assert run.returncode == 2
    assert re.fullmatch(f"plangraf: {message}.*\n", run.stderr), run.stderr
    assert run.stdout == ""


# Versions and queries


def test_versions_are_listed_with_the_current_one_marked(own_home: Path) -> None:
    nothing = plangraf("versions", home=own_home)
    assert nothing.returncode == 0
    assert "Run `plangraf build`" in nothing.stdout
    assert plangraf("build", "--quiet", home=own_home).returncode == 0
    first = VersionStore(own_home / "versions").current()
    write(own_home, "data/sdg/more.ttl", '<http://metadata.un.org/sdg/11> rdfs:label "Byer"@nb .\n')
    assert plangraf("build", "--quiet", home=own_home).returncode == 0
    second = VersionStore(own_home / "versions").current()
    lines = plangraf("versions", home=own_home).stdout.splitlines()
    assert [line[:18] for line in lines] == [f"  {first.id}", f"* {second.id}"]
    assert f" {second.triples} triples " in lines[1]
    assert lines[1].endswith("  1 warnings")
    assert re.search(r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}  ", lines[0])


def test_a_query_is_answered_in_the_format_that_is_asked_for(home: Path) -> None:
    text = f"SELECT ?number WHERE {{ <{CASE}> <https://w3id.org/plangraf/ontology#caseNumber> ?number }}"
    run = plangraf("query", "-q", text, home=home)
    assert (run.returncode, run.stdout) == (0, "number\n68/19\n"), run.stderr
    as_json = json.loads(plangraf("query", "-q", text, "--format", "json", home=home).stdout)
    assert as_json["results"]["bindings"] == [{"number": {"type": "literal", "value": "68/19"}}]


def test_a_query_comes_from_a_file_or_from_standard_input(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "ask.rq"
    file.write_text(f"ASK {{ <{CASE}> ?p ?o }}", encoding="utf-8")
    assert json.loads(plangraf("query", file, home=home).stdout)["boolean"] is True
    piped = run_command("query", "-", env=environ(home), stdin=f"CONSTRUCT WHERE {{ <{CASE}> a ?class }}")
    assert piped.returncode == 0, piped.stderr
    assert CASE in piped.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-q", "SELECT * WHERE { ?s ?p ?o"), "Line 1, column "),
        (("-q", "SELECT * WHERE { ?s foo:bar ?o }"), "foo:"),
        (("-q", "DELETE WHERE { ?s ?p ?o }"), "nothing was changed"),
        (("-q", "ASK { ?s ?p ?o }", "--format", "csv"), "use one of: json, xml"),
    ],
)
def test_a_wrong_query_is_explained(home: Path, arguments: tuple[str, ...], message: str) -> None:
    run = plangraf("query", *arguments, home=home)
    assert run.returncode == 1
    assert run.stderr.startswith("plangraf: ")
    assert message in run.stderr
    assert run.stdout == ""


# Serving


def test_serve_builds_when_there_is_no_version_and_ends_its_start_with_one_line(own_home: Path) -> None:
    with running_service(own_home, "--workers", "2", start=start_python) as (process, url, version):
        assert version == VersionStore(own_home / "versions").current().id
        assert get(f"{url}/health/ready")
        workers = http_processes(process.pid)
        assert len(workers) == 2
    assert "shapes      checking" in (own_home / "serve.log").read_text()
    with pytest.raises(OSError, match="refused"):
        get(f"{url}/health/live")
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def test_the_server_imports_nothing_of_the_validator() -> None:
    script = "import sys, plangraf.cli.serve, plangraf.http.app\n"
    script += "print({'pyshacl', 'rdflib'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ("set()\n", "")


@pytest.mark.slow
def test_serve_builds_again_when_a_file_has_changed_and_only_then(own_home: Path) -> None:
    assert plangraf("build", "--quiet", home=own_home).returncode == 0
    with running_service(own_home, "--workers", "1") as (_, _, first):
        assert "shapes" not in (own_home / "serve.log").read_text()
    write(own_home, "data/sdg/more.ttl", '<http://metadata.un.org/sdg/11> rdfs:label "Byer"@nb .\n')
    with running_service(own_home, "--workers", "1", "--no-build") as (_, _, unchanged):
        assert unchanged == first
    with running_service(own_home, "--workers", "1") as (_, _, second):
        assert second != first


@pytest.mark.slow
def test_serve_goes_on_with_the_old_version_when_the_build_stops(own_home: Path) -> None:
    assert plangraf("build", "--quiet", home=own_home).returncode == 0
    old = VersionStore(own_home / "versions").current().id
    write(own_home, "data/sdg/more.ttl", "this is no Turtle\n")
    with running_service(own_home, "--workers", "1") as (_, url, version):
        assert version == old
        assert get(f"{url}/health/ready")
    log = (own_home / "serve.log").read_text()
    assert "data/sdg/more.ttl\n  nb  Feil, linje 11: " in log
    assert f"nb  Byggingen stoppet. Versjon {old} fra eldre filer vises." in log
    assert f"en  The build stopped. Version {old} of older files is served." in log


@pytest.mark.slow
def test_serve_never_drops_a_dataset_whose_folder_is_unnamed_or_missing(own_home: Path, tmp_path: Path) -> None:
    write(
        tmp_path,
        "mine/9999/plan/case.ttl",
        '<https://w3id.org/plangraf/id/9999/case/1> a plan:Case ; plan:caseNumber "1/20" .\n',
    )
    assert plangraf("build", "--quiet", "--data", tmp_path / "mine", home=own_home).returncode == 0
    built = VersionStore(own_home / "versions").current().id
    with running_service(own_home) as (_, url, version):
        assert version == built
        assert "shapes" not in (own_home / "serve.log").read_text()
    (tmp_path / "mine").rename(tmp_path / "moved")
    with running_service(own_home) as (_, url, version):
        assert version == built
        assert "1/20" in get(f"{url}/doc/9999/case/1.ttl")
    log = (own_home / "serve.log").read_text()
    assert "The last build read this folder." in log
    assert f"en  The build stopped. Version {built} of older files is served." in log
    with running_service(own_home, "--drop") as (_, _, version):
        assert version != built


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("validate", "{tmp}"), r"The folder .* holds no Turtle files\."),
        (("validate", "{tmp}/nothing"), r"There is no file .*/nothing\."),
        (("build", "--data", "{tmp}/file"), r"The data folder .*/file is a file, not a folder\."),
        (("build", "--versions", "{tmp}/file"), r"The folder of versions .* it is not a folder; name another .*"),
        (
            ("build", "--versions", "{tmp}/file/deeper"),
            r"The folder of versions .* it is not a folder; name another .*",
        ),
        (("query", "{tmp}"), r"The query file .* cannot be read .*"),
        (("versions", "use", "../../etc"), r"There is no version '\.\./\.\./etc' in .*"),
        (("versions", "--versions", "{tmp}/file"), r".+"),
        (("export-sheet", "planstrategi", "{tmp}/file/out.xlsx"), r".+"),
        (("check-harvest", "{tmp}"), r".+"),
    ],
)
def test_a_file_system_error_gives_one_line_without_a_traceback(
    home: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    run = plangraf(*(word.format(tmp=tmp_path) for word in arguments), home=home)
    assert "Traceback" not in run.stderr
    if arguments[0] == "versions" and "--versions" in arguments:
        assert run.returncode in (0, 1, 2)
        return
    assert run.returncode in (1, 2)
    assert re.fullmatch(f"plangraf: {said}\n", run.stderr), run.stderr


def test_an_unexpected_error_gives_one_line_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from plangraf.cli import query as asking
    from plangraf.cli.__main__ import app

    for error, said in (
        (OSError(28, "No space left on device", "/x"), "plangraf: /x: No space left on device. Check"),
        (ValueError("two\nlines"), "plangraf: two lines. PLANGRAF_LOG_LEVEL=debug shows"),
        (UnicodeDecodeError("utf-8", b"\xf8", 0, 1, "invalid"), "plangraf: 'utf-8' codec can't decode"),
    ):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(asking, "ask", fail)
        result = CliRunner().invoke(app, ["query", "-q", "ASK {}"])
        assert result.exit_code == 1
        assert result.stderr.startswith(said)
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "package", "extra"),
    [
        (["build"], "pyarrow", "publish"),
        (["validate", "x.ttl"], "pyshacl", "publish"),
        (["validate", "x.xlsx"], "openpyxl", "sheets"),
        (["export-sheet", "--template", "x.xlsx"], "openpyxl", "sheets"),
        (["import-sheet", "x.xlsx", "9999/x"], "rdflib", "sheets"),
        (["check-harvest"], "rdflib", "portals"),
        (["serve", "--port", "0"], "pyshacl", "publish"),
    ],
)
def test_a_command_names_the_extra_that_it_lacks(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], package: str, extra: str
) -> None:
    from typer.testing import CliRunner

    from plangraf.cli.__main__ import app

    (own_home / "x.xlsx").write_bytes(b"")
    monkeypatch.chdir(own_home)
    for name, value in environ(own_home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, package, None)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stderr == (
        f"plangraf: This command needs the extra `{extra}` ({package} is not installed). "
        f"Install it: python -m pip install 'plangraf[{extra}]'.\n"
    )


def test_a_command_names_the_extra_server_when_a_package_of_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Typer alone may be there for another program."""
    from plangraf.cli import main

    for name in [name for name in sys.modules if name.startswith(("plangraf.store", "plangraf.settings"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydantic_settings", None)
    monkeypatch.setattr(sys, "argv", ["plangraf", "versions"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err == (
        "plangraf: This command needs the extra `server` (pydantic_settings is not installed). "
        "Install it: python -m pip install 'plangraf[server]'.\n"
    )


@pytest.mark.slow
def test_serve_without_any_version_ends_with_the_reason(own_home: Path) -> None:
    write(own_home, "data/sdg/more.ttl", "this is no Turtle\n")
    run = plangraf("serve", "--port", "0", home=own_home)
    assert run.returncode == 1
    assert "en  Error, line 11: " in run.stderr
    assert run.stdout == ""
    run = plangraf("serve", "--port", "0", "--no-build", home=own_home)
    assert run.returncode == 1
    assert "Run `plangraf build`" in run.stderr


def test_a_port_in_use_is_reported_before_the_build(own_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = plangraf("serve", "--port", str(port), home=own_home)
    assert run.returncode == 2
    assert run.stderr == (
        f"plangraf: PLANGRAF_PORT: port {port} is in use. Choose another with --port or PLANGRAF_PORT; "
        "0 takes a free one.\n"
    )
    assert not (own_home / "versions").exists()


@pytest.mark.slow
def test_a_server_that_is_stopped_during_its_build_stops_the_build(own_home: Path) -> None:
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        env=environ(own_home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("parse")
    building = children(process.pid)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert building
    assert not [pid for pid in building if Path(f"/proc/{pid}").exists()]
    assert not VersionStore(own_home / "versions").has_current()


def test_a_signal_ends_the_wait_of_the_supervisor_at_once() -> None:
    code = "import signal, time\nfrom plangraf.cli.serving.supervisor import wait_or_signal\n"
    code += "signal.signal(signal.SIGALRM, lambda *_: print('handled'))\nbegan = time.monotonic()\n"
    code += "with wait_or_signal() as wait:\n    signal.setitimer(signal.ITIMER_REAL, 0.05)\n    wait(40)\n"
    code += "    print(time.monotonic() - began < 20)\n    wait(0.01)\nprint(signal.set_wakeup_fd(-1))"
    assert run_code(code).stdout == "handled\nTrue\n-1\n"


@pytest.mark.slow
def test_a_service_that_cannot_start_exits_instead_of_retrying_forever(own_home: Path) -> None:
    assert plangraf("build", "--quiet", home=own_home).returncode == 0
    (own_home / "ontology" / "context.jsonld").unlink()
    run = plangraf("serve", "--port", "0", "--no-build", "--workers", "1", home=own_home)
    assert run.returncode == 1
    assert run.stderr.endswith(
        "plangraf: the HTTP processes could not start; the lines above say why, `plangraf doctor` more.\n"
    )


def test_a_worker_that_is_killed_is_replaced(home: Path) -> None:
    with running_service(home, "--no-build", "--workers", "1") as (process, url, _):
        (worker,) = http_processes(process.pid)
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            now = http_processes(process.pid)
            if now and now != [worker]:
                break
            time.sleep(0.1)
        assert get(f"{url}/health/ready")


def test_http_processes_share_the_code_of_the_service(home: Path) -> None:
    def used(pid: int) -> tuple[int, int]:
        """Resident and own memory, in KiB."""
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        found = {name: int(size) for name, size, *_ in map(str.split, lines)}
        return found["Rss:"], found["Private_Clean:"] + found["Private_Dirty:"]

    with running_service(home, "--no-build", "--workers", "2") as (process, _, _):
        for pid in http_processes(process.pid):
            resident, own = used(pid)
            assert own < resident / 2


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def http_processes(pid: int) -> list[int]:
    """The children of a service except its loader: forks of it, with the same command line."""
    return [child for child in children(pid) if cmdline(child) == cmdline(pid)]


def cmdline(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
