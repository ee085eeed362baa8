"""What every answer passes: the envelope of each request, the cache, content codings, the log."""
