"""The figures of a run in files that TensorBoard and MLflow read, without either library and without a server."""
