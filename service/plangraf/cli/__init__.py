"""The command line: `plangraf`, one module for each command."""

import sys


def main() -> None:
    """Runs the `plangraf` command, whose modules are imported only now.

    A plain install lacks what every command needs, the parser of the command line among it. Then it ends with one line.
    """
    try:
        from plangraf.cli.__main__ import app

        app(prog_name="plangraf")
    except ModuleNotFoundError as error:
        from plangraf.cli.extras import EXTRAS
        from plangraf.errors import ExtraMissingError

        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS["server"]:
            raise
        print(f"plangraf: {ExtraMissingError('server', package)}", file=sys.stderr)
        sys.exit(2)
