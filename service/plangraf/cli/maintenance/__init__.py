"""Commands for the operators of an installation."""
