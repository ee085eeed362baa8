"""Source files: which there are, which named graph each belongs to, and their quads."""
