"""Below the framework: HTTP/1.1 on a connection, and cache hits that are sent from there."""
