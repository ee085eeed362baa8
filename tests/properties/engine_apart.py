"""Runs the engine in a separate process, which reads queries from its input and reports each outcome."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
from types import TracebackType

MEMORY = 2 * 1024**3


class EngineApart:
    """One separate process; the test notices a query that kills it or takes too long."""

    def __enter__(self) -> EngineApart:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def tried(self, query: str, most_seconds: float) -> tuple[str, str]:
        """`read`, or the kind and the message of the engine's error; `died` or `hangs` without an answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        killer = threading.Timer(most_seconds, self._process.kill)
        killer.start()
        try:
            self._process.stdin.write(json.dumps(query).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        hung = not killer.is_alive()
        killer.cancel()
        if not line:
            return ("hangs" if hung else "died"), ""
        kind, message = json.loads(line)
        return kind, message


def main() -> None:
    from pyoxigraph import Store

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    store = Store()
    for line in sys.stdin.buffer:
        try:
            store.query(json.loads(line))
            result = ["read", ""]
        except (SyntaxError, RuntimeError, ValueError, OSError) as error:
            result = [type(error).__name__, str(error)]
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
