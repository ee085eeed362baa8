"""The checks of a build: closed vocabularies, SHACL shapes, and queries that must return no row."""
