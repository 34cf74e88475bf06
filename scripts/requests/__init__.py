"""Pure functions from settings to the JSON of an AWS request."""
