"""The SPARQL 1.1 query language: parser, typed nodes with positions, and rewriting."""
