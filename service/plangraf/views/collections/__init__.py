"""Collections: which things each lists, in which order, with which columns and facets."""
