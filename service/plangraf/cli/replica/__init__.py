"""`plangraf serve --from`: the process that fetches, and what answers before there is a version."""
