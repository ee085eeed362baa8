"""From answers of the engine to documents: what belongs to a thing, and how each format writes it."""
