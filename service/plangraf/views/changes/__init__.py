"""What the log of changes tells a reader about one thing."""
