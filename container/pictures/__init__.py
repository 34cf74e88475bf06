"""Decoding and preprocessing, the same for training and for the endpoint."""
