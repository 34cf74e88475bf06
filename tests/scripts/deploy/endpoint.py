"""What the stand-in says of an endpoint."""

from tests.scripts.sagemaker_stand_in import Refusal

NOTHING = Refusal(
    "ValidationException", 'Could not find endpoint "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/dogbreed".'
)


def states(sagemaker, answers: list, served: str | None = None, **more):
    """DescribeEndpoint's answers in turn: a status, or a Refusal. served: the config, by default what was last asked
    for.
    """

    def describe(request):
        state = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(state, Refusal):
            raise state
        asked = [
            one["EndpointConfigName"]
            for operation, one in sagemaker.calls
            if operation in ("CreateEndpoint", "UpdateEndpoint")
        ]
        config = served or (asked[-1] if asked else "dogbreed-earlier")
        return {
            "EndpointName": "dogbreed",
            "EndpointStatus": state,
            "EndpointConfigName": config,
            "CreationTime": 1,
            **more,
        }

    return describe
