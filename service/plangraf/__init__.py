"""plangraf: a knowledge-graph service over linked municipal plan data.

The data's way: in, `sources` → `checks` → `publish` → `store`; out, `store` → `engines` → `views` → `pages` → `http`.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("plangraf")
except PackageNotFoundError:  # run from a tree that was never installed
    __version__ = "0.0.0"
