"""What the service names already and does not answer yet."""

NOT_YET = ("/feed",)
"""Beginnings of paths."""
