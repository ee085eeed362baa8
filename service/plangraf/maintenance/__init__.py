"""Work of operators on an installation: backup and restoring, and the examination of what the service needs."""
