"""What travels between the processes of the embedded engine: small frames over Unix sockets.

Front to worker: a length and a JSON request. Worker to front: a kind, a length and a payload. Front and
loader exchange a kind and a number, a new worker's socket travelling beside it.
"""

from __future__ import annotations

import struct

REQUEST = struct.Struct("!I")
FRAME = struct.Struct("!cI")
CONTROL = struct.Struct("!cI")

# Kinds of frames from a worker.
CHUNK = b"C"  # a piece of the answer, more follow
LAST = b"L"  # the last piece: only after it is the answer complete
ERROR = b"E"  # JSON: kind and message; nothing follows

# Kinds of control messages.
READY = b"R"  # loader → front: the version is open, number of triples
FORK = b"F"  # front → loader: one more worker
WORKER = b"W"  # loader → front: its process id, its socket beside it
KILL = b"K"  # front → loader: end the worker with this process id
