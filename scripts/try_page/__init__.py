"""The page to try the endpoint: what it serves, and how it asks the endpoint."""
