"""Folders and limits that SageMaker gives a training container, and what the training program leaves in them.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

CHECKPOINTS = "/opt/ml/checkpoints"
FAILURE = "/opt/ml/output/failure"
FAILURE_REASON_CHARACTERS = 1024  # what is kept of the failure file

# In /opt/ml/output/data, which the service packs into output.tar.gz.
REPORT_PAGE = "report.html"
REPORT_RECORD = "report.json"  # the report's figures
EVALUATION = "evaluation.json"  # the figures of the test split
TENSORBOARD = "tensorboard"  # a folder of event files
MLFLOW = "mlruns"  # a folder that MLflow's file store reads
MLFLOW_RUN_FOLDERS = ("metrics", "params", "tags", "artifacts")  # MLflow knows no run without them, be they empty
