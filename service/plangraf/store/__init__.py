"""Data on disk: versions, the log of changes, downloads, and the comparison of two versions."""
