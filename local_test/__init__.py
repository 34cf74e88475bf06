"""A SageMaker on this machine: the containers run as the platform runs them."""
