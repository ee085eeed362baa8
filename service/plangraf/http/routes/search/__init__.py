"""`/search` and `/search/suggestions`: full-text search over one version."""

from plangraf.http.routes.search.search_page import resources

__all__ = ["resources"]
