"""The fields of SageMaker Debugger, for accounts that still have the service: it took no new customers after
2026-07-30.

The training program's own hook, rules and profile need none of them; with these fields the service keeps the tensors
and the profile in S3 while the job runs, and evaluates its own rules on them, in jobs of its own.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DebugHookConfig.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DebugRuleConfiguration.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProfilerConfig.html"""

from typing import Any

from scripts.config.sections import Debugger
from scripts.console.failure import Failure

# https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-reference.html
_RULE_ACCOUNTS = {
    "us-east-1": "503895931360",
    "us-east-2": "915447279597",
    "us-west-1": "685455198987",
    "us-west-2": "895741380848",
    "ca-central-1": "519511493484",
    "sa-east-1": "818342061345",
    "eu-west-1": "929884845733",
    "eu-west-2": "250201462417",
    "eu-west-3": "447278800020",
    "eu-central-1": "482524230118",
    "eu-north-1": "314864569078",
    "ap-northeast-1": "430734990657",
    "ap-northeast-2": "578805364391",
    "ap-northeast-3": "479947661362",
    "ap-south-1": "904829902805",
    "ap-southeast-1": "972752614525",
    "ap-southeast-2": "184798709955",
}
_COLLECTIONS = ("losses", "weights", "biases", "gradients", "relu_output")


def debugger_fields(debugger: Debugger, region: str, output: str) -> dict[str, Any]:
    """Fields of CreateTrainingJob; none unless the settings ask for the service. output: URI under which it keeps what
    it gets.

    Raises Failure for a region in which the service has no image of its rules.
    """
    if not debugger.service:
        return {}
    if debugger.rules and region not in _RULE_ACCOUNTS:
        raise Failure(
            f"SageMaker Debugger has no rule image in {region}. Set debugger.rules to [] in sagemaker.toml: the "
            "training program has rules of its own."
        )
    interval = {"save_interval": str(debugger.save_interval)}
    losses = {
        "train.save_interval": str(debugger.save_interval),
        "eval.save_interval": "1",
    }  # Overfit and Overtraining look at every evaluation
    return {
        "DebugHookConfig": {
            "S3OutputPath": output,
            "CollectionConfigurations": [
                {"CollectionName": name, "CollectionParameters": losses if name == "losses" else interval}
                for name in _COLLECTIONS
            ],
        },
        "DebugRuleConfigurations": [
            {
                "RuleConfigurationName": rule,
                "RuleParameters": {"rule_to_invoke": rule},
                "RuleEvaluatorImage": f"{_RULE_ACCOUNTS[region]}.dkr.ecr.{region}.amazonaws.com"
                "/sagemaker-debugger-rules:latest",
            }
            for rule in debugger.rules
        ],
        "ProfilerConfig": {"S3OutputPath": output, "ProfilingIntervalInMilliseconds": debugger.profiling_interval_ms},
    }
