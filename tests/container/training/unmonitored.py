"""For tests of what a run learns: without the monitors, which take seconds more and have tests of their own."""

UNMONITORED = ("--debugger", "false", "--profiler", "false")
