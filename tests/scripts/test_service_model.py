"""The checker itself can fail: it sees what botocore's own validator lets through."""

import pytest

from tests.scripts.service_model import problems


@pytest.mark.parametrize(
    "change, seen",
    [
        ({"EndpointName": "dog_breed"}, "does not match"),
        ({"EndpointName": "d" * 64}, "EndpointName is 64, not within"),
        ({"Unknown": 1}, "Unknown parameter"),
        ({"Tags": [{"Key": "a!", "Value": "b"}]}, "does not match"),
        ({"DeploymentConfig": {"AutoRollbackConfiguration": {"Alarms": []}}}, "Invalid length"),
        (
            {
                "DeploymentConfig": {
                    "BlueGreenUpdatePolicy": {
                        "TrafficRoutingConfiguration": {"Type": "AT_ONCE", "WaitIntervalInSeconds": 0}
                    }
                }
            },
            "not in the enum",
        ),
        (
            {
                "DeploymentConfig": {
                    "BlueGreenUpdatePolicy": {
                        "TrafficRoutingConfiguration": {"Type": "LINEAR", "WaitIntervalInSeconds": 3_601}
                    }
                }
            },
            "not within",
        ),
    ],
)
def test_what_the_service_would_refuse_is_seen(change, seen):
    right = {"EndpointName": "dogbreed", "EndpointConfigName": "dogbreed-1"}
    assert problems("sagemaker", "CreateEndpoint", right) == []
    assert seen in problems("sagemaker", "CreateEndpoint", right | change)[0]
