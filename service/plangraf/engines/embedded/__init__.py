"""The embedded engine: a loader opens one version in memory and forks workers, a pool hands them queries."""
