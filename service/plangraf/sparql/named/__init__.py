"""Named queries: the head that documents a query file, and the binding of its parameters."""
