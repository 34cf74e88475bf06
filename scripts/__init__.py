"""What a user runs, one small program a verb."""
