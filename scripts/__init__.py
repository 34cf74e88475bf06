"""The command-line programs, one module for each make target, and the packages below them."""
