"""A request: its body in, its answer out."""
