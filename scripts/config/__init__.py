"""sagemaker.toml, and the names and ranges in it."""
