"""A folder that is replaced holds the old files or the new ones, whichever step a crash or an error hits."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from forked_python import run_code
from plangraf.store.atomic import folder_beside, interrupted_folders, put_in_place, restore_interrupted, write_file

OLD = {"a.ttl": "old", "list.yaml": "ours", "notes/deep/one.md": "ours", "stale.ttl": "old", "to-a": "-> a.ttl"}
NEW = {"a.ttl": "new", "b.ttl": "new", "list.yaml": "ours", "notes/deep/one.md": "ours", "to-a": "-> a.ttl"}
WRITTEN = {"a.ttl": "new", "b.ttl": "new"}


def make(folder: Path) -> Path:
    for name, text in OLD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            (folder / name).symlink_to(text[3:])
        else:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def content(folder: Path) -> dict[str, str]:
    """The files of a folder by path, links as `-> target`."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink() else path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def replace(folder: Path) -> None:
    with folder_beside(folder) as made:
        for name, text in WRITTEN.items():
            write_file(made / name, text.encode())
        put_in_place(made, folder, {"stale.ttl"})


# For n = 1, 2, … a fork replaces the folder in <n>/. Its n-th system call that changes or syncs something is hit: by a
# kill, by one error, or by an error of that call and all later ones. The last fork has fewer calls than n.
_FAULTS = """
import errno, os, pathlib, signal, sys
from test_atomic import make, replace
home, fault = pathlib.Path(sys.argv[1]), sys.argv[2]
CALLS = {"open", "fsync", "os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "fcntl.flock"}
calls = moment = 0
def on_call(event, arguments):
    global calls
    if moment and event in CALLS:
        calls += 1
        if calls == moment and fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if calls == moment or (calls > moment and fault == "read-only"):
            number = errno.ENOSPC if fault == "full" else errno.EROFS
            raise OSError(number, os.strerror(number))
sys.addaudithook(on_call)
sync = os.fsync
os.fsync = lambda file: (sys.audit("fsync"), sync(file))
number, status = 0, None
while status != 0:
    number += 1
    folder = make(home / str(number) / "plan")
    child = os.fork()
    if not child:
        moment = number
        try:
            replace(folder)
        except OSError:
            os._exit(3)
        os._exit(0 if calls < moment else 4)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    (folder.parent / "status").write_text(str(status))
"""


@pytest.mark.parametrize(
    "fault", ["kill", *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("full", "read-only"))]
)
def test_a_fault_at_any_system_call_leaves_the_old_files_or_the_new_ones(tmp_path: Path, fault: str) -> None:
    done = run_code(f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{_FAULTS}", tmp_path, fault)
    assert done.returncode == 0, done.stderr
    moments = sorted(tmp_path.iterdir(), key=lambda path: int(path.name))
    assert len(moments) > 30
    found, absent = [], 0
    for moment in moments:
        folder, status = moment / "plan", int((moment / "status").read_text())
        (moment / "status").unlink()
        absent += interrupted_folders(moment) == [folder]
        if status == 3 and fault == "full":
            assert content(folder) == OLD, f"an error at call {moment.name} changed the folder"
        if status in (0, 4):
            assert content(folder) == NEW
        restore_interrupted(folder)
        assert content(folder) in (OLD, NEW), f"{fault} at call {moment.name}"
        assert [path.name for path in moment.iterdir()] == ["plan"]
        assert not interrupted_folders(moment)
        found.append(content(folder) == NEW)
        replace(folder)
        assert content(folder) == NEW
    assert fault != "kill" or found == sorted(found), "no later kill takes away the new files"
    assert set(found) == {False, True}
    assert (absent > 0) == (fault != "full"), "the old folder is never elsewhere after one error"


def test_a_new_folder_is_there_with_all_its_files_and_the_usual_mode(tmp_path: Path) -> None:
    replace(tmp_path / "no" / "plan")
    (tmp_path / "beside").mkdir()
    assert content(tmp_path / "no" / "plan") == WRITTEN
    assert (tmp_path / "no" / "plan").stat().st_mode == (tmp_path / "beside").stat().st_mode


def test_a_replaced_folder_keeps_its_mode(tmp_path: Path) -> None:
    folder = make(tmp_path / "plan")
    folder.chmod(0o2770)
    replace(folder)
    assert oct(folder.stat().st_mode & 0o7777) == "0o2770"


def test_a_link_to_the_folder_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = make(tmp_path / "disk" / "plan"), tmp_path / "plan"
    link.symlink_to(target)
    replace(link)
    assert link.is_symlink()
    assert content(target) == NEW
    assert [path.name for path in target.parent.iterdir()] == ["plan"]


def test_an_error_while_the_files_are_written_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = make(tmp_path / "plan")
    with pytest.raises(FileNotFoundError), folder_beside(folder) as made:
        write_file(made / "absent" / "a.ttl", b"new")
    assert content(folder) == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_limit_of_the_system_on_written_bytes_leaves_the_old_files(tmp_path: Path) -> None:
    folder = make(tmp_path / "plan")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large"), folder_beside(folder) as made:
            write_file(made / "a.ttl", bytes(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert content(folder) == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_what_a_running_process_writes_beside_the_folder_is_not_a_leftover(tmp_path: Path) -> None:
    folder = make(tmp_path / "plan")
    with folder_beside(folder) as made:
        write_file(made / "a.ttl", b"new")
        restore_interrupted(folder)
        put_in_place(made, folder, {name.partition("/")[0] for name in OLD})
    assert content(folder) == {"a.ttl": "new"}


def test_only_what_the_replacement_of_this_folder_left_is_removed(tmp_path: Path) -> None:
    folder = make(tmp_path / "plan")
    for name in (".plan.swap-0", ".plan.swap-1", ".plan-2.swap-0", ".plan.swap", "plan.swap-0"):
        (tmp_path / name / "new").mkdir(parents=True)
    restore_interrupted(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".plan-2.swap-0", ".plan.swap", "plan", "plan.swap-0"]
    restore_interrupted(tmp_path / "absent" / "plan")


_READ_ONLY = """
import os, pathlib, sys
from test_atomic import replace
parent, user = pathlib.Path(sys.argv[1]), int(sys.argv[2])
if os.geteuid() == 0:
    os.seteuid(user)
try:
    replace(parent / "plan")
except PermissionError as error:
    print(error.strerror)
"""


def test_a_read_only_folder_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    user = 65534 if os.geteuid() == 0 else os.geteuid()
    folder = make(tmp_path / "no" / "plan")
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)
    for mode, read_only in ((0o555, folder.parent), (0o555, folder)):
        for path in (folder.parent, folder):
            os.chown(path, user, -1)
            path.chmod(mode if path == read_only else 0o755)
        done = run_code(
            f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{_READ_ONLY}", folder.parent, str(user)
        )
        assert done.stdout == "Permission denied\n", done.stderr
        assert content(folder) == OLD
        assert [path.name for path in folder.parent.iterdir()] == ["plan"]
    folder.chmod(0o755)
