"""Models, endpoint configurations, endpoints and their invocations."""
