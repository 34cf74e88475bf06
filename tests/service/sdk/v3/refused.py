"""What the local SageMaker does not have, asked for by SDK 3 as it comes: prints each error's message.

Runs in an environment of its own; what it needs to know of the local SageMaker stands in environment variables.
"""

import json

from botocore.exceptions import ClientError
from sagemaker.core.resources import Experiment, ModelPackageGroup

messages = []
for create in (
    lambda: Experiment.create(experiment_name="e"),
    lambda: ModelPackageGroup.create(model_package_group_name="g"),
):
    try:
        create()
    except ClientError as error:
        messages.append(error.response["Error"]["Message"])
print("RESULT", json.dumps(messages))
