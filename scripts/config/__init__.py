"""Configuration: sagemaker.toml, hyperparameters and ranges, names of resources, places in S3."""
