"""Terminal output, error messages and exit status."""
