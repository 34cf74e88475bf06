"""Folders and limits that SageMaker gives a training container.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

CHECKPOINTS = "/opt/ml/checkpoints"
FAILURE = "/opt/ml/output/failure"
FAILURE_REASON_CHARACTERS = 1024  # what is kept of the failure file
