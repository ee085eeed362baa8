"""The steps that a build has finished, kept until it has written the version, so that a build that was killed goes on.

versions/unfinished/<digest>/<step>/         what the step wrote
versions/unfinished/<digest>/<step>.json     SHA-256 of each of its files, and its result; written last
versions/unfinished/<digest>/turn-<number>   locked by a step while it works

The digest is that of all inputs of the build, see `inputs`, so a step of other files, another release or another
library is never taken. A build removes the folder when it has written its version or the data have a violation. The
folder may be deleted at any time: the next build then does all steps.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from plangraf.checks.verdict import Verdict
from plangraf.diagnostics.diagnostic import Diagnostic, FilePlace
from plangraf.errors import VersionsError
from plangraf.publish.beside import EndedEarlyError, beside
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.versions import VersionStore
from plangraf.store.versions.folder import remove_tree

CHECKS = "checks"
_TURN = "turn-"
_WAIT_S = 0.05


class FinishedSteps:
    """The finished steps of a build with these inputs.

    Args:
        store: the folder of versions, locked by the caller.
        digest: that of the inputs.
        renew: take no step of another build.
    Raises:
        VersionsError: the folder cannot be written.
    """

    def __init__(self, store: VersionStore, digest: str, *, renew: bool = False) -> None:
        self._explained = store.explained
        self._root = store.unfinished
        self._folder = self._root / digest[:16]
        self._results: dict[str, Any] = {}
        with self._explained():
            for other in self._root.glob("*"):
                if renew or other != self._folder:
                    remove_tree(other)
            for path in sorted(self._folder.glob("*.json")):
                found = _verified(path)
                if found is None:
                    path.unlink()
                else:
                    self._results[path.stem] = found[0]

    @property
    def names(self) -> Sequence[str]:
        """The names of the steps that another build has finished."""
        return sorted(self._results)

    def has(self, step: str) -> bool:
        return step in self._results

    def result(self, step: str) -> Any:
        """What a finished step returned."""
        return self._results[step]

    def folder(self, step: str) -> Path:
        """The folder of a step, which exists when it is finished; else the step creates it."""
        return self._folder / step

    def finish(self, step: str, result: Any = None) -> None:
        """Records a step as finished.

        Args:
            step: whose folder, if it has one, is complete.
            result: as JSON can hold it.
        Raises:
            OSError: the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {"files": _sums(self.folder(step)), "result": result}
        part = self._folder / f"{step}.part"
        write_file(part, json.dumps(content).encode())
        part.rename(self._folder / f"{step}.json")
        sync_folder(self._folder)

    @contextmanager
    def beside(self, step: str, what: str, work: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
        """Does a step in a second process, see `plangraf.publish.beside`, unless another build has finished it.

        Args:
            step: its name.
            what: the subject of the error when it cannot be written.
            work: writes the folder of the step, and returns what JSON can hold.
        Yields:
            A function that waits for the result, and raises DataError as the work does, or VersionsError when the
            folder could not be written.
        """
        if self.has(step):
            yield partial(self.result, step)
            return
        with self.cleaned(step), beside(partial(self._work, step, work)) as wait:

            def explained() -> Any:
                try:
                    return wait()
                except (OSError, EndedEarlyError) as error:
                    reason = error.strerror if isinstance(error, OSError) else error.reason
                    raise VersionsError(
                        f"{what} could not be written: {reason}. The current version is unchanged."
                    ) from error

            yield explained

    @contextmanager
    def cleaned(self, step: str) -> Iterator[None]:
        """Removes the folder of a step before, and after unless the step is finished."""
        folder = self.folder(step)
        with self._explained():
            folder.parent.mkdir(parents=True, exist_ok=True)
            if folder.exists():
                remove_tree(folder)
        try:
            yield
        finally:
            if not folder.with_name(f"{step}.json").is_file():
                shutil.rmtree(folder, ignore_errors=True)

    def _work(self, step: str, work: Callable[[], Any]) -> Any:
        with self._turn():
            result = work()
        if not self.folder(step).is_dir():
            raise FileNotFoundError(errno.ENOENT, "its folder has been removed")
        self.finish(step, result)
        return result

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Waits until fewer steps work than there are processors, because each takes memory of its own.

        The kernel gives the turn of a killed process back.
        """
        paths = [self._folder / f"{_TURN}{number}" for number in range(len(os.sched_getaffinity(0)))]
        with ExitStack() as opened:
            files = [opened.enter_context(path.open("wb")) for path in paths]
            while not any(map(_locked, files)):
                time.sleep(_WAIT_S)
            yield

    def checked(self, check: Callable[[], Verdict]) -> Verdict:
        """The verdict of the checks, which run unless another build has finished them."""
        if self.has(CHECKS):
            problems, terms_defined = self.result(CHECKS)
            return Verdict([Diagnostic(FilePlace(*place), *rest) for place, *rest in problems], terms_defined)
        found = check()
        problems = [[one.place, one.nb, one.en, one.severity, one.rule] for one in found.problems]
        with self._explained():
            self.finish(CHECKS, [problems, found.terms_defined])
        return found

    def remove(self) -> None:
        """Removes the folder, because the version is written or the files must change."""
        shutil.rmtree(self._root, ignore_errors=True)


def _locked(file: IO[bytes]) -> bool:
    """Whether this process has the lock of a file now, or the file system has no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _verified(path: Path) -> tuple[Any] | None:
    """The result in a tuple; None when the record or a file of the step is damaged."""
    try:
        content = json.loads(path.read_bytes())
        return (content["result"],) if content["files"] == _sums(path.with_suffix("")) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sums(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
