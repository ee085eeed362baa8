"""Pages for people: templates, words in both languages, and static files."""
