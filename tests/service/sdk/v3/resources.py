"""The resources of `sagemaker.core`, as they come: TRAIN_IMAGE SERVE_IMAGE CODE MODEL_DATA, the last two S3 URIs.

Runs in an environment of its own; what it needs to know of the local SageMaker stands in environment variables.
"""

import json
import os
import sys

from sagemaker.core.resources import Endpoint, EndpointConfig, Model, TrainingJob
from sagemaker.core.shapes import (
    AlgorithmSpecification,
    Channel,
    ContainerDefinition,
    DataSource,
    OutputDataConfig,
    ProductionVariant,
    ResourceConfig,
    S3DataSource,
    StoppingCondition,
)

train_image, serve_image, code, model_data = sys.argv[1:]
role = os.environ["SAGEMAKER_ROLE"]
source = S3DataSource(s3_data_type="S3Prefix", s3_uri=code, s3_data_distribution_type="FullyReplicated")
job = TrainingJob.create(
    training_job_name="sdk3-resource",
    algorithm_specification=AlgorithmSpecification(training_image=train_image, training_input_mode="File"),
    role_arn=role,
    hyper_parameters={"epochs": "1", "lr": "0.1"},
    input_data_config=[Channel(channel_name="code", data_source=DataSource(s3_data_source=source))],
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{os.environ['SAGEMAKER_BUCKET']}/sdk3"),
    resource_config=ResourceConfig(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=600),
)
job.wait(logs=True)
listed = [one.training_job_name for one in TrainingJob.get_all(name_contains="sdk3-resource")]
again = TrainingJob.get(training_job_name="sdk3-resource")

model = Model.create(
    model_name="sdk3-resource",
    primary_container=ContainerDefinition(image=serve_image, model_data_url=model_data, environment={"WHO": "core"}),
    execution_role_arn=role,
)
config = EndpointConfig.create(
    endpoint_config_name="sdk3-resource",
    production_variants=[
        ProductionVariant(
            variant_name="AllTraffic",
            model_name=model.model_name,
            instance_type="ml.m5.large",
            initial_instance_count=1,
        )
    ],
)
endpoint = Endpoint.create(endpoint_name="sdk3-resource", endpoint_config_name=config.endpoint_config_name)
endpoint.wait_for_status("InService")
answer = endpoint.invoke(body=json.dumps({"do": "who"}), content_type="application/json")
who = json.loads(answer.body.read())["who"]
endpoint.delete()
endpoint.wait_for_delete()
config.delete()
model.delete()
left = [one.endpoint_name for one in Endpoint.get_all(name_contains="sdk3-resource")]
result = {"listed": listed, "status": again.training_job_status, "who": who, "endpoints": left}
print("RESULT", json.dumps(result))
