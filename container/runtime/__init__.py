"""The process: device, ranks, launch, seeds, signals, failure."""
