"""Docker and this machine."""
