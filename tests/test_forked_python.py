"""A program in a fork does what a started Python does: the same output, the same exit code, the same files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from forked_python import run_code, run_command
from plangraf.store.versions import VersionStore
from small_home import CASE, command, environ, make_home, write


def started(*arguments: str, home: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environ(home), cwd=home, input=stdin, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_home(tmp_path_factory.mktemp("forked") / "home")
    assert run_command("build", "--quiet", env=environ(folder)).returncode == 0
    return folder


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("query", "-"), 0),
        (("validate", "--quiet", "wrong.ttl"), 1),
        (("export-sheet", "5001/planstrategi", "a.ods"), 2),
        (("no-such-command",), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_answers_as_in_a_started_process(home: Path, arguments: tuple[str, ...], code: int) -> None:
    write(home, "wrong.ttl", f'<{CASE}> a plan:Case ; plan:caseNumber "x" .\n')
    question = f"SELECT ?label WHERE {{ <{CASE}> <http://www.w3.org/2000/01/rdf-schema#label> ?label }} ORDER BY ?label"
    first = started(*arguments, home=home, stdin=question)
    forked = run_command(*arguments, env=environ(home), cwd=home, stdin=question)
    assert (forked.returncode, forked.stdout, forked.stderr) == (first.returncode, first.stdout, first.stderr)
    assert forked.returncode == code


@pytest.mark.slow
def test_a_version_of_a_fork_has_the_bytes_of_one_of_a_started_process(home: Path, tmp_path: Path) -> None:
    files = []
    for name, run in (("started", started), ("forked", None)):
        arguments = ("build", "--quiet", "--versions", str(tmp_path / name))
        done = run(*arguments, home=home) if run else run_command(*arguments, env=environ(home), cwd=home)
        assert done.returncode == 0, done.stderr
        folder = VersionStore(tmp_path / name).current().path
        files.append({str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()})
    # The engine of the search gives its files random names.
    started_one, forked_one = ({name: bytes_ for name, bytes_ in one.items() if "search/" not in name} for one in files)
    assert started_one == forked_one


def test_a_fork_has_the_environment_and_folder_that_are_given_and_no_others(tmp_path: Path) -> None:
    shown = run_code("import json, os, sys\nprint(json.dumps([os.getcwd(), sys.argv, dict(os.environ)]))", tmp_path)
    folder, argv, environment = json.loads(shown.stdout)
    del environment["PROMETHEUS_MULTIPROC_DIR"]  # the forks' own
    assert (folder, argv, environment) == (str(Path.cwd()), ["-c", str(tmp_path)], dict(os.environ))
    code = "import os\nfor one in os.scandir('/proc/self/fd'): print(one.name, os.path.realpath(one.path))"
    opened = dict(line.split(" ", 1) for line in run_code(code).stdout.splitlines())
    assert {"0", "1", "2"} <= opened.keys()
    others = {path for number, path in opened.items() if number not in "012" and not path.startswith("/proc/")}
    assert {Path(path).parent.name[:17] for path in others} <= {"metrics-of-forks-"}


def test_a_fork_that_a_signal_ends_or_that_takes_too_long_is_told() -> None:
    assert run_code("import os\nos.kill(os.getpid(), 15)").returncode == -signal.SIGTERM
    failed = run_code("raise ValueError('so')")
    assert (failed.returncode, failed.stderr.splitlines()[-1]) == (1, "ValueError: so")
    with pytest.raises(subprocess.TimeoutExpired):
        run_code("import time\ntime.sleep(600)", timeout=0.2)
    assert run_code("print('next')").stdout == "next\n"
