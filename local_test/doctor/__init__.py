"""`doctor`: what of this machine keeps the local SageMaker from working, and the one thing to do about it.

A file for each subject: a dataclass of facts, a function that gathers them within seconds, and a function from facts to
findings. Nothing here starts, installs or changes anything. The Python packages may be missing: whatever needs them is
imported where it is used.
"""
