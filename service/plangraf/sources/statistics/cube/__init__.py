"""From a table to the RDF Data Cube: names, terms, structure, observations and provenance."""
