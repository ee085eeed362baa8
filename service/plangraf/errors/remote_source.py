"""Why a published source could not be fetched: what was asked for, what the server answered."""

from __future__ import annotations

from plangraf.errors.root import PlangrafError


class RemoteSourceError(PlangrafError):
    code = "source-not-fetched"
    title = "A published source could not be fetched"


class SourceRequestError(RemoteSourceError):
    code = "bad-source-request"
    title = "The address or the selection does not fit the source"


class SourceRefusedError(RemoteSourceError):
    code = "source-refused"
    title = "The source's server refused the request"


class SourceGoneError(RemoteSourceError):
    code = "source-gone"
    title = "The source is not there"


class SourceChangedError(RemoteSourceError):
    code = "source-changed"
    title = "The source changed while it was read"


class SourceUnreachableError(RemoteSourceError):
    code = "source-unreachable"
    title = "The source's server gave no usable answer"


class SourceAnswerError(RemoteSourceError):
    code = "source-answer"
    title = "The source's server answered something else than it should"
