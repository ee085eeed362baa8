"""The HTTP surface: FastAPI over the engine and the views."""
