"""What the images, the scripts and the local SageMaker must agree on. Standard library only; the images contain a
copy.
"""
