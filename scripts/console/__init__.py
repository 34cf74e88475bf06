"""The terminal, make, error messages and exit status."""
