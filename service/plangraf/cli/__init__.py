"""The command line: `plangraf`, one module for each command."""


def main() -> None:
    """Runs the `plangraf` command, whose modules are imported only now."""
    from plangraf.cli.__main__ import app

    app(prog_name="plangraf")
