"""From source files to one version: parse, check, derive, write. `pipeline` is the way."""
