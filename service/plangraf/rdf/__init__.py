"""RDF itself: prefixes, formats, literals and order. It depends neither on the data nor on the service."""
