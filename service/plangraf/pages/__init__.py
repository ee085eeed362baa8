"""HTML pages: templates and static files."""
