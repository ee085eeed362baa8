"""Why a query was refused or matched nothing, and what would have worked."""
