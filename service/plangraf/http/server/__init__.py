"""Below the framework: HTTP/1.1 on a connection, and answers given before it starts."""
