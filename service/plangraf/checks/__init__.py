"""What data must keep: closed vocabularies, SHACL shapes, and queries that must return no row."""
