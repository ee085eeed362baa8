"""Pictures of the data: their colours, and the rows of a thing's neighbourhood."""
