"""The command line: `plangraf` and one file for each of its commands."""
