"""Named queries and collections: the heads of their files, and the binding of parameters."""
