"""The log of changes behind the feed, stored beside the versions and independent of them.

    feed/<first>.json    one publication: time, version, and the frames of its changes; its rename commits them
    feed/<first>.zst     the changes, in zstd frames that never cross a page

`first` is the sequence number of the first change, in twelve digits. Committed files never change.
"""
