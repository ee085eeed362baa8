"""Replicas: publishes a folder of versions to an object store, and keeps copies of it on other machines.

Every object but one is named by its content and never changes, so a copy is verified by its name:

    <store>/pointer.json              number of the publication, current version, digest of its state
    <store>/objects/<2 hex>/<sha256>  the state, the listings, and the bytes of all files

A state names the versions, each with its listing, and the listing of the files that versions share: the log of changes,
contexts, ids of removed versions. A publication writes the pointer last, on condition that it is the one that it read.
"""
