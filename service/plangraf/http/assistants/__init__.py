"""The data for assistants: a read-only server of the Model Context Protocol at `/mcp`, over the routes of the service.

An answer of a tool comes from the same resources, snapshot, limits and errors as an answer over HTTP.
"""
