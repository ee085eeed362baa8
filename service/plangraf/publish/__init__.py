"""Builds a version from source files: parse, check, derive, write. `pipeline` runs the steps."""
