"""The wire protocol of the embedded engine's processes: small frames over Unix sockets.

Front to worker: a length and a JSON request. Worker to front: a kind, a length and a payload. Front and loader
exchange a kind and a number; descriptors are passed beside them.
"""

from __future__ import annotations

import struct

REQUEST = struct.Struct("!I")
FRAME = struct.Struct("!cI")
CONTROL = struct.Struct("!cI")

# Kinds of frames from a worker.
CHUNK = b"C"  # a piece of the answer, more follow
LAST = b"L"  # the last piece: it completes the answer
ERROR = b"E"  # JSON: kind and message; nothing follows
GROWN = b"G"  # while idle: the process has memory of its own that a fresh fork would share; empty

# What a worker without memory writes to its standard error: Rust's runtime, Python, or the C++ of stores on disk.
OUT_OF_MEMORY = (b"memory allocation of ", b"MemoryError\n", b"std::bad_alloc")

# Kinds of control messages.
CONNECT = b"N"  # host → loader: a front; beside it the loader's end of the front's control socket
READY = b"R"  # loader → front: the version is open, number of triples
FORK = b"F"  # front → loader: one more worker; 1 for the one that computes ahead
WORKER = b"W"  # loader → front: its process id; beside it its socket and the reading end of its standard error
AHEAD = b"A"  # loader → front: the same for a worker that computes ahead

# Where a loader reads the version from.
MEMORY = "memory"
DISK = "disk"
