"""An engine that is a SPARQL 1.1 endpoint: placement, queries for it, its answers."""
