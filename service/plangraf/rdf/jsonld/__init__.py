"""JSON-LD 1.1 with the project's context: compacted, expanded, framed. https://www.w3.org/TR/json-ld11/"""
