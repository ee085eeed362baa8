"""plangraf: a knowledge-graph service over linked municipal plan data.

The data's way: in, `sources` → `checks` → `publish` → `store`; out, `store` → `engines` → `views` → `pages` → `http`.
"""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when asked: importlib.metadata takes half of the start of a command."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("plangraf")
    except PackageNotFoundError:  # run from a tree that was never installed
        return "0.0.0"
