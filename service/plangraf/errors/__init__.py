"""Every error that a user can meet, as one tree; `code` is the name that docs/developers.md documents.

PlangrafError
├── RequestError                    what the client sent cannot be answered as it stands
│   ├── QuerySyntaxError            malformed SPARQL, with line, column and token
│   │   └── QueryUnsupportedError   legal SPARQL that the engine would answer wrongly
│   ├── QueryLimitError             nesting, path length, token count or size over a limit
│   ├── AnswerLimitError            a query that would answer with too much
│   ├── UpdateRefusedError          an update sent to the query endpoint
│   ├── ServiceForbiddenError       SERVICE to an address that is not allowed
│   ├── ParameterError              a parameter that is malformed, unknown or repeated
│   ├── MalformedRequestError       bytes that are not valid HTTP
│   ├── MethodNotImplementedError   a method that no address answers
│   ├── RequestTimeoutError         a request that did not arrive in time
│   ├── AddressTooLongError         an address whose path is over the limit
│   ├── HeadTooLargeError           an address and header fields over the limit
│   ├── BodyTooLargeError           a request body over the limit
│   ├── HostRefusedError            a Host that is not a name of this service
│   ├── OriginRefusedError          a request that a page of another site sent
│   ├── ProtocolMissingError        an address whose packages are not installed
│   ├── FormatMissingError          a format whose package is not installed
│   ├── UnsupportedMediaError       a request body of a type that the endpoint does not read
│   ├── UnsupportedCodingError      a request body in a content coding
│   ├── NotAcceptableError          no format that the client accepts
│   ├── NotInXmlError               the answer has what XML cannot hold
│   ├── NotStatisticalError         rows that are not a statistical data set
│   ├── CodingNotAcceptableError    no content coding that the client accepts
│   ├── PreconditionFailedError     If-Match names another representation than there is
│   ├── RangeError                  bytes that a file does not have
│   ├── MethodNotAllowedError       a method that this address does not answer
│   └── ResourceNotFoundError       nothing in the data has this name
│       ├── ResourceGoneError       an earlier version of the data had it
│       ├── SearchUnavailableError  a version without an index for the search
│       ├── VersionNotHereError     a version that this replica may not have taken over yet
│       └── VersionGoneError        a version that is no longer kept
├── EngineError                     the query was fine, the answer could not be finished
│   ├── QueryTimeoutError           evaluation passed its deadline
│   ├── QueryMemoryError            evaluation passed its memory limit
│   ├── WorkerCrashedError          the worker process died
│   ├── OverloadedError             too many queries in flight
│   ├── DisplacedError              ended because too many long queries ran at once
│   ├── NotReadyError               no version is open yet
│   ├── EngineUnavailableError      the SPARQL endpoint behind the service does not answer
│   ├── ServiceFailedError          another endpoint, which SERVICE calls, gave no usable answer
│   └── AnswerBrokenError           the answer broke off after its first byte
├── DataError                       a source file that cannot become part of a version (diagnostics.diagnostic)
├── RemoteSourceError               a published source could not be fetched
│   ├── SourceRequestError          an address or a selection that does not fit the source, found before any download
│   ├── SourceRefusedError          the server refused, with its own words
│   ├── SourceGoneError             a source that is not there, or vanished while it was read
│   ├── SourceChangedError          a source that changed each time it was read
│   ├── SourceUnreachableError      no usable answer within the attempts
│   └── SourceAnswerError           an answer that is not what was asked for: HTML, too large, another host
├── FeedDamagedError                the log of changes cannot be read
├── ReplicationError                a publication for replicas that cannot be written or taken over
│   ├── StoreUnreachableError       the object store gives no usable answer
│   ├── ObjectMissingError          the object store lacks an object
│   ├── ObjectRefusedError          an object that is damaged, or not what a publication may hold
│   └── PublicationConflictError    another publication came first
├── ListError                       a list of others that cannot be read or linked
│   └── ListUnreachableError        its address does not give the file
├── BackupError                     a backup that cannot be made or restored
├── VersionsError                   the folder of versions cannot be read or written
└── SettingError                    a setting that cannot be used
    └── ExtraMissingError           a command needs packages of an extra that is not installed
"""

from plangraf.errors.engine import (
    AnswerBrokenError,
    DisplacedError,
    EngineError,
    EngineUnavailableError,
    NotReadyError,
    OverloadedError,
    QueryMemoryError,
    QueryTimeoutError,
    ServiceFailedError,
    WorkerCrashedError,
)
from plangraf.errors.lists import ListError, ListUnreachableError
from plangraf.errors.operating import BackupError, ExtraMissingError, FeedDamagedError, SettingError, VersionsError
from plangraf.errors.refused_query import (
    AnswerLimitError,
    Place,
    QueryLimitError,
    QuerySyntaxError,
    QueryUnsupportedError,
    ServiceForbiddenError,
    UpdateRefusedError,
)
from plangraf.errors.remote_source import (
    RemoteSourceError,
    SourceAnswerError,
    SourceChangedError,
    SourceGoneError,
    SourceRefusedError,
    SourceRequestError,
    SourceUnreachableError,
)
from plangraf.errors.replicas import (
    ObjectMissingError,
    ObjectRefusedError,
    PublicationConflictError,
    ReplicationError,
    StoreUnreachableError,
)
from plangraf.errors.request import (
    AddressTooLongError,
    BodyTooLargeError,
    CodingNotAcceptableError,
    FormatMissingError,
    HeadTooLargeError,
    HostRefusedError,
    MalformedRequestError,
    MethodNotAllowedError,
    MethodNotImplementedError,
    NotAcceptableError,
    NotInXmlError,
    NotStatisticalError,
    OriginRefusedError,
    ParameterError,
    PreconditionFailedError,
    ProtocolMissingError,
    RangeError,
    RequestTimeoutError,
    ResourceGoneError,
    ResourceNotFoundError,
    SearchUnavailableError,
    UnsupportedCodingError,
    UnsupportedMediaError,
    VersionGoneError,
    VersionNotHereError,
)
from plangraf.errors.root import PlangrafError, RequestError

__all__ = [
    "AddressTooLongError",
    "AnswerBrokenError",
    "AnswerLimitError",
    "BackupError",
    "BodyTooLargeError",
    "CodingNotAcceptableError",
    "DisplacedError",
    "EngineError",
    "EngineUnavailableError",
    "ExtraMissingError",
    "FeedDamagedError",
    "FormatMissingError",
    "HeadTooLargeError",
    "HostRefusedError",
    "ListError",
    "ListUnreachableError",
    "MalformedRequestError",
    "MethodNotAllowedError",
    "MethodNotImplementedError",
    "NotAcceptableError",
    "NotInXmlError",
    "NotReadyError",
    "NotStatisticalError",
    "ObjectMissingError",
    "ObjectRefusedError",
    "OriginRefusedError",
    "OverloadedError",
    "ParameterError",
    "Place",
    "PlangrafError",
    "PreconditionFailedError",
    "ProtocolMissingError",
    "PublicationConflictError",
    "QueryLimitError",
    "QueryMemoryError",
    "QuerySyntaxError",
    "QueryTimeoutError",
    "QueryUnsupportedError",
    "RangeError",
    "RemoteSourceError",
    "ReplicationError",
    "RequestError",
    "RequestTimeoutError",
    "ResourceGoneError",
    "ResourceNotFoundError",
    "SearchUnavailableError",
    "ServiceFailedError",
    "ServiceForbiddenError",
    "SettingError",
    "SourceAnswerError",
    "SourceChangedError",
    "SourceGoneError",
    "SourceRefusedError",
    "SourceRequestError",
    "SourceUnreachableError",
    "StoreUnreachableError",
    "UnsupportedCodingError",
    "UnsupportedMediaError",
    "UpdateRefusedError",
    "VersionGoneError",
    "VersionNotHereError",
    "VersionsError",
    "WorkerCrashedError",
]
