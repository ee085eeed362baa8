"""Work of a build in a second process, beside its checks."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TypeVar

from plangraf.diagnostics.diagnostic import DataError
from plangraf.errors import VersionsError
from plangraf.processes import die_with_parent

Result = TypeVar("Result")


class EndedEarlyError(VersionsError):
    """A signal killed the process before it had a result."""

    def __init__(self, number: int) -> None:
        super().__init__(f"A process of the build was ended by signal {number}. The current version is unchanged.")
        self.reason = f"signal {number}"


@contextmanager
def beside(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Runs work in a forked process, and kills the process when the context ends.

    It forks, because a fork shares the data and starts no second interpreter.

    Yields:
        A function that waits for the result. It raises the DataError or OSError of the work, and EndedEarlyError when
        the process ended with neither result nor error.
    """
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_work_and_send, args=(work, sender), daemon=True)
    process.start()
    sender.close()

    def wait() -> Result:
        try:
            result, failure = receiver.recv()
        except EOFError:
            process.join()
            raise EndedEarlyError(-(process.exitcode or 0)) from None
        if failure is not None:
            raise failure if isinstance(failure, OSError) else DataError(failure)
        return result  # type: ignore[no-any-return]  # the result of the work

    try:
        yield wait
    finally:
        process.kill()
        process.join()
        receiver.close()


def _work_and_send(work: Callable[[], object], sender: Connection) -> None:
    die_with_parent()
    build = multiprocessing.parent_process()
    if build is None or os.getppid() != build.pid:
        os._exit(1)  # the build ended before the kernel knew what to do then
    try:
        sender.send((work(), None))
    except OSError as error:
        sender.send((None, OSError(error.errno, error.strerror)))
    except DataError as error:
        sender.send((None, error.problems))
