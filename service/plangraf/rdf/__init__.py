"""RDF itself: prefixes, formats, graphs, literals and JSON-LD. It depends neither on the data nor on the service."""
