"""Tuning jobs: a search over hyperparameters, each trial a training job of its own."""
