"""The code inside the images: training program, model, handlers and the two entry points."""
