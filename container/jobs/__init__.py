"""A training job, from its channels to its model: on pictures, on features, and the feature bank."""
