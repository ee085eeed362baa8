"""What stops a publication to replicas, or a replica that takes one over."""

from __future__ import annotations

from plangraf.errors.root import PlangrafError


class ReplicationError(PlangrafError):
    code = "replication-failed"
    title = "A publication for replicas cannot be written or taken over"


class StoreUnreachableError(ReplicationError):
    code = "store-unreachable"
    title = "The object store gives no usable answer"


class ObjectMissingError(ReplicationError):
    code = "object-missing"
    title = "The object store lacks an object"


class ObjectRefusedError(ReplicationError):
    code = "object-refused"
    title = "An object of the store is damaged, or not what a publication may hold"


class PublicationConflictError(ReplicationError):
    code = "publication-conflict"
    title = "Another publication came first"
