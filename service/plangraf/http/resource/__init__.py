"""What a resource negotiates and declares: formats, languages, parameters, links, problems, OpenAPI."""
