"""What the scripts ask of AWS: pure functions from settings to a request, one kind of request a file."""
