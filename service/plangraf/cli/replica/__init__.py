"""The parts of `plangraf serve --from` beside the HTTP processes: what fetches, and what answers before there is a version."""
