"""`plangraf serve`: binds, builds when needed, runs the HTTP processes, announces when they answer.

A child process builds, so that the patches of pySHACL to rdflib never reach the serving process. The HTTP processes
are uvicorn's; this process only supervises them.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType

from uvicorn import Config

from plangraf.cli.http_process import import_service
from plangraf.cli.serving.handover import Inherited, take_inherited, tell_systemd
from plangraf.cli.serving.supervisor import Supervisor
from plangraf.diagnostics.diagnostic import DataError
from plangraf.engines.embedded import loaders
from plangraf.engines.embedded.loaders import LoaderHost
from plangraf.errors import SettingError, VersionsError
from plangraf.metrics_folder import metrics_folder
from plangraf.processes import raise_descriptors
from plangraf.publish.inputs import find_up_to_date
from plangraf.settings import Settings, descriptors_needed
from plangraf.store.versions import VersionStore
from plangraf.store.versions.folder import LockedError

# A loaded machine may need several seconds to start Python and import the service.
_WORKER_SILENCE_S = 60
# Seconds that a client in the middle of an answer has to receive its end.
_GRACE_S = 10
_BACKLOG = 2048
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  compared with, never bound


def serve(settings: Settings, *, may_build: bool = True, drop: bool = False) -> int:
    """Serves until SIGTERM or SIGINT, or until a successor answers after SIGUSR2; returns the exit code.

    Raises:
        SettingError: the address cannot be bound.
        VersionsError: there is no version that could be served.
    """
    raise_descriptors(descriptors_needed(settings))
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # until there is something to hand over
    inherited = take_inherited()
    with inherited.listener if inherited is not None else bind(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        settings = settings.model_copy(update={"port": port, "versions": settings.versions.absolute()})
        store = VersionStore(settings.versions, settings.feed_page)
        if settings.replica_from is not None:
            return _serve_replica(settings, listener, inherited)
        if may_build and not _is_up_to_date(settings, drop=drop):
            code = build_beside(settings, drop=drop)
            if code < 0:
                return 0
            if code and not store.has_current():
                return code
            if code:
                _warn_of_old_version(store)
        try:
            store.catch_up()
        except VersionsError as error:  # serving does not need the feed
            print(f"plangraf: /feed does not have the current version. {error}", file=sys.stderr, flush=True)
        return _serve_current(settings, listener, store, inherited)


def _serve_replica(settings: Settings, listener: socket.socket, inherited: Inherited | None) -> int:
    """Serves the publications of an object store; see plangraf.replicas.

    Raises:
        VersionsError: there is no version yet, and the folder cannot be written.
    """
    from plangraf.cli.replica.first_version import await_first_version
    from plangraf.cli.replica.replica_process import replicating

    store = VersionStore(settings.versions)
    if settings.public_url is None:
        print(
            f"plangraf: PLANGRAF_PUBLIC_URL is not set, so answers name {settings.base_url}; replicas behind one "
            "balancer must have the same.",
            file=sys.stderr,
            flush=True,
        )
    if not store.has_current():
        # A folder that cannot be written is told now, because nobody is served yet.
        with contextlib.suppress(LockedError), store.lock():
            pass
    os.environ.update(environment(settings))
    with replicating(settings) as process:
        assert process is not None
        if not store.has_current():
            _listen(listener)
            if not await_first_version(listener, store, process.keep_alive):
                return 0
        return _serve_current(settings, listener, store, inherited, process.keep_alive)


def _serve_current(
    settings: Settings,
    listener: socket.socket,
    store: VersionStore,
    inherited: Inherited | None,
    keep_alive: Callable[[], None] | None = None,
) -> int:
    """Runs the HTTP processes over the current version; `keep_alive` is called again and again."""
    host, port = listener.getsockname()[:2]
    _refuse_without_versions(store)
    _listen(listener)
    os.environ.update(environment(settings))
    shown = _WILDCARDS.get(host, host)
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
    with metrics_folder() as folder, LoaderHost(folder) as loader_host:
        # The HTTP processes share the folder, see metrics, and the loaders.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        os.environ[loaders.VARIABLE] = str(loader_host.address)
        import_service()
        supervisor = Supervisor(
            _config(settings.processes),
            listener,
            loader_host,
            partial(_ask_ready, shown, port),
            partial(_announce, url, inherited),
            keep_alive or (lambda: None),
            replaces=inherited is not None and inherited.predecessor is not None,
        )
        supervisor.run()
    if not supervisor.announced and not supervisor.stopped_by_signal:
        print(
            "plangraf: the HTTP processes could not start; the lines above say why, `plangraf doctor` more.",
            file=sys.stderr,
        )
        return 1
    return 0


def _refuse_without_versions(store: VersionStore) -> None:
    """Raises what the current version raises, when no other version could be served in its place."""
    try:
        store.current()
    except VersionsError:
        if not store.readable():
            raise


def _announce(url: str, inherited: Inherited | None, ready: Mapping[str, object]) -> None:
    print(f"plangraf {url} version {ready['version']} triples {ready['triples']}", flush=True)
    tell_systemd(READY=1)
    if inherited is not None:
        inherited.announce()


def _config(processes: int) -> Config:
    return Config(
        "plangraf.cli.http_process:make_app",
        factory=True,
        workers=processes,
        ws="none",
        http="plangraf.http.server.protocol:Protocol",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_worker_healthcheck=_WORKER_SILENCE_S,
    )


def bind(host: str, port: int) -> socket.socket:
    """Binds a socket without listening, so that a busy port is reported before a long build.

    Raises:
        SettingError: the address cannot be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingError(f"PLANGRAF_HOST: {host!r} is no address of this machine ({error}).") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _unbindable(host, port, error) from error
    return listener


def _listen(listener: socket.socket) -> None:
    """Listens here, not in the workers, because two servers can bind one port while neither listens."""
    try:
        listener.listen(_BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise _unbindable(host, port, error) from error


def _unbindable(host: str, port: int, error: OSError) -> SettingError:
    if error.errno == errno.EADDRINUSE:
        why = f"port {port} is in use. Choose another with --port or PLANGRAF_PORT; 0 takes a free one"
    else:
        why = f"{host}:{port} cannot be bound ({error.strerror})"
    return SettingError(f"PLANGRAF_PORT: {why}.")


def _is_up_to_date(settings: Settings, *, drop: bool) -> bool:
    """Whether no build is needed; false for a damaged folder, because the build reports the damage."""
    try:
        return find_up_to_date(settings, drop=drop) is not None
    except (VersionsError, DataError):
        return False


def build_beside(settings: Settings, *, drop: bool = False) -> int:
    """Runs `plangraf build` as a child; returns its exit code, or -1 when a signal stopped this process meanwhile."""
    stopped = False
    child = subprocess.Popen(
        [sys.executable, "-m", "plangraf.cli", "build", *(["--drop"] if drop else [])],
        env={**os.environ, **environment(settings)},
        stdout=sys.stderr.fileno(),
    )

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        child.terminate()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return -1 if stopped else abs(code)


def environment(settings: Settings) -> dict[str, str]:
    """The settings that options can change, as environment variables for the child processes."""
    return {
        "PLANGRAF_HOME": str(settings.home),
        "PLANGRAF_DATA": ":".join(str(folder.absolute()) for folder in settings.data),
        "PLANGRAF_VERSIONS": str(settings.versions.absolute()),
        "PLANGRAF_HOST": settings.host,
        "PLANGRAF_PORT": str(settings.port),
        "PLANGRAF_PROCESSES": str(settings.processes),
        **({"PLANGRAF_REPLICA_FROM": settings.replica_from} if settings.replica_from is not None else {}),
    }


def _ask_ready(host: str, port: int) -> Mapping[str, object] | None:
    """What `/health/ready` says; None while the service does not answer."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/health/ready", headers={"Connection": "close"})
        response = connection.getresponse()
        said: Mapping[str, object] = json.loads(response.read())
        return said if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _warn_of_old_version(store: VersionStore) -> None:
    current = store.current().id
    bar = "!" * 78
    print(
        f"{bar}\nnb  Byggingen stoppet. Versjon {current} fra eldre filer vises. Rett feilene over.\n"
        f"en  The build stopped. Version {current} of older files is served. Correct what is above.\n{bar}",
        file=sys.stderr,
        flush=True,
    )
