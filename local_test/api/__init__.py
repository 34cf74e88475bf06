"""The HTTP side of the local SageMaker: requests in, checked against the service model, answers and errors out."""
