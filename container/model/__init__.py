"""The network, its weights, and the model file."""
