"""Every error that a user can meet, as one tree; `code` is the name that docs/developers.md documents.

PlangrafError
├── RequestError                    what the client sent cannot be answered as it stands
│   ├── QuerySyntaxError            malformed SPARQL, with line, column and token
│   │   └── QueryUnsupportedError   legal SPARQL that the engine would answer wrongly
│   ├── QueryLimitError             nesting, path length, token count or size over a limit
│   ├── UpdateRefusedError          an update sent to the query endpoint
│   ├── ServiceForbiddenError       SERVICE to an address that is not allowed
│   ├── ParameterError              a parameter that is malformed, unknown or repeated
│   ├── MalformedRequestError       bytes that are not valid HTTP
│   ├── MethodNotImplementedError   a method that no address answers
│   ├── RequestTimeoutError         a request that did not arrive in time
│   ├── AddressTooLongError         an address whose path is over the limit
│   ├── HeadTooLargeError           an address and header fields over the limit
│   ├── BodyTooLargeError           a request body over the limit
│   ├── UnsupportedMediaError       a request body of a type that the endpoint does not read
│   ├── UnsupportedCodingError      a request body in a content coding
│   ├── NotAcceptableError          no format that the client accepts
│   ├── NotInXmlError               the answer has what XML cannot hold
│   ├── CodingNotAcceptableError    no content coding that the client accepts
│   ├── PreconditionFailedError     If-Match names another representation than there is
│   ├── RangeError                  bytes that a file does not have
│   ├── MethodNotAllowedError       a method that this address does not answer
│   └── ResourceNotFoundError       nothing in the data has this name
│       ├── ResourceGoneError       an earlier version of the data had it
│       └── VersionGoneError        a version that is no longer kept
├── EngineError                     the query was fine, the answer could not be finished
│   ├── QueryTimeoutError           evaluation passed its deadline
│   ├── QueryMemoryError            evaluation passed its memory limit
│   ├── WorkerCrashedError          the worker process died
│   ├── OverloadedError             too many queries in flight
│   ├── DisplacedError              ended because too many long queries ran at once
│   ├── NotReadyError               no version is open yet
│   └── AnswerBrokenError           the answer broke off after its first byte
├── DataError                       a source file that cannot become part of a version (diagnostics.diagnostic)
├── FeedDamagedError                the log of changes cannot be read
├── VersionsError                   the folder of versions cannot be read or written
└── SettingError                    a setting that cannot be used
    └── ExtraMissingError           a command needs packages of an extra that is not installed
"""

from plangraf.errors.engine import (
    AnswerBrokenError,
    DisplacedError,
    EngineError,
    NotReadyError,
    OverloadedError,
    QueryMemoryError,
    QueryTimeoutError,
    WorkerCrashedError,
)
from plangraf.errors.operating import ExtraMissingError, FeedDamagedError, SettingError, VersionsError
from plangraf.errors.refused_query import (
    Place,
    QueryLimitError,
    QuerySyntaxError,
    QueryUnsupportedError,
    ServiceForbiddenError,
    UpdateRefusedError,
)
from plangraf.errors.request import (
    AddressTooLongError,
    BodyTooLargeError,
    CodingNotAcceptableError,
    HeadTooLargeError,
    MalformedRequestError,
    MethodNotAllowedError,
    MethodNotImplementedError,
    NotAcceptableError,
    NotInXmlError,
    ParameterError,
    PreconditionFailedError,
    RangeError,
    RequestTimeoutError,
    ResourceGoneError,
    ResourceNotFoundError,
    UnsupportedCodingError,
    UnsupportedMediaError,
    VersionGoneError,
)
from plangraf.errors.root import PlangrafError, RequestError

__all__ = [
    "AddressTooLongError",
    "AnswerBrokenError",
    "BodyTooLargeError",
    "CodingNotAcceptableError",
    "DisplacedError",
    "EngineError",
    "ExtraMissingError",
    "FeedDamagedError",
    "HeadTooLargeError",
    "MalformedRequestError",
    "MethodNotAllowedError",
    "MethodNotImplementedError",
    "NotAcceptableError",
    "NotInXmlError",
    "NotReadyError",
    "OverloadedError",
    "ParameterError",
    "Place",
    "PlangrafError",
    "PreconditionFailedError",
    "QueryLimitError",
    "QueryMemoryError",
    "QuerySyntaxError",
    "QueryTimeoutError",
    "QueryUnsupportedError",
    "RangeError",
    "RequestError",
    "RequestTimeoutError",
    "ResourceGoneError",
    "ResourceNotFoundError",
    "ServiceForbiddenError",
    "SettingError",
    "UnsupportedCodingError",
    "UnsupportedMediaError",
    "UpdateRefusedError",
    "VersionGoneError",
    "VersionsError",
    "WorkerCrashedError",
]
