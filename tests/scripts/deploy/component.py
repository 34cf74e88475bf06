"""What the stand-in says of an endpoint that scales to zero, and of its inference component."""

from scripts.config.settings import load_settings
from scripts.requests.inference_component import host_config_request
from tests.scripts.deploy.endpoint import states
from tests.scripts.requests.requested import ROLE
from tests.scripts.sagemaker_stand_in import Refusal

TO_ZERO = {"SAGEMAKER_AUTOSCALING_MAX_INSTANCES": "2", "SAGEMAKER_AUTOSCALING_MIN_INSTANCES": "0"}
NO_COMPONENT = Refusal("ValidationException", "Could not find inference component.")
HOST = {"VariantName": "AllTraffic", "ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 0}}


def component_states(sagemaker, answers: list, served: str | None = None, **more):
    """DescribeInferenceComponent's answers in turn: a status, or a Refusal. served: the model, by default what was last
    asked for.
    """

    def describe(request):
        state = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(state, Refusal):
            raise state
        asked = [
            one["Specification"]["ModelName"]
            for operation, one in sagemaker.calls
            if operation in ("CreateInferenceComponent", "UpdateInferenceComponent")
        ]
        model = served or (asked[-1] if asked else "dogbreed-earlier")
        return {
            "InferenceComponentName": request["InferenceComponentName"],
            "InferenceComponentStatus": state,
            "Specification": {"ModelName": model},
            "CreationTime": 1,
            **more,
        }

    return describe


def hosting(sagemaker, endpoint: list, component: list, **more) -> None:
    """An endpoint of the present settings that hosts a component, both in these states in turn. more: of the
    component.
    """
    config = host_config_request(load_settings(), name="dogbreed-earlier", role_arn=ROLE)
    sagemaker.answers |= {
        "DescribeEndpoint": states(sagemaker, endpoint, ProductionVariants=[HOST]),
        "DescribeEndpointConfig": {**config, "EndpointConfigArn": "a", "CreationTime": 1},
        "DescribeInferenceComponent": component_states(sagemaker, component, **more),
    }
