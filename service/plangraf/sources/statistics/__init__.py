"""National statistics: tables of statistical offices, fetched and read."""
