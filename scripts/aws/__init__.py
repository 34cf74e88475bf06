"""Calls to AWS that the programs share: clients, jobs, endpoints, objects in S3, logs."""
