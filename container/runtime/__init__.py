"""The process: device, precision, ranks, launch, signals, failure."""
