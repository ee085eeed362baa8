"""RDF itself: prefixes, formats, literals and order. Knows neither the data nor the service."""
