"""For tests of what a run learns: nothing watches it, which would take seconds more. What watches a run has tests of
its own.
"""

UNWATCHED = ("--debugger", "false", "--profiler", "false")
