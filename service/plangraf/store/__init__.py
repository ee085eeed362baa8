"""What lies on disk: versions, the log of changes, downloads, and the difference between two versions."""
