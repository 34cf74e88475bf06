"""What runs in the serve container: nginx, multi-model-server, worker processes."""
