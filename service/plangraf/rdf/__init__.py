"""RDF itself: prefixes, formats, graphs, literals and JSON-LD. Knows neither the data nor the service."""
