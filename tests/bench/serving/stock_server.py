"""The stock way: sagemaker-inference starts multi-model-server, both with their defaults, on the user's handlers.

As AWS's PyTorch inference container starts it, where SAGEMAKER_PROGRAM names the user's file:
https://github.com/aws/sagemaker-pytorch-inference-toolkit
"""

from sagemaker_inference.model_server import start_model_server

if __name__ == "__main__":
    start_model_server()
