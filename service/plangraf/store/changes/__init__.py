"""The change feed's log: what became current, kept beside the versions and independent of them.

    feed/<first>.json    one publication: when, which version, which changes, where they lie; it makes them count
    feed/<first>.zst     its changes, in zstd frames that never cross a page

`first` is the sequence number of its first change, in twelve digits. Files are written once and never changed.
"""
