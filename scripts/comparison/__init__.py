"""Training jobs side by side: what each was given, what came of it, and how it came about, epoch by epoch."""
