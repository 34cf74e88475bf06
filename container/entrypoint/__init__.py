"""What PID 1 of the train image needs: the job's configuration, the toolkit's runner, signals, how a program ended."""
