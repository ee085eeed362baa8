"""The pages of `/sparql`, and what its editor asks the service for."""
