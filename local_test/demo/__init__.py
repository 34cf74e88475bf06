"""`make demo`, its sample data and its page."""
