"""PID 1 of the train image: which program a job asks for, how it is run and how it ended."""
