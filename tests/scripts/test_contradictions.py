"""Settings that contradict each other: each pair is a sentence that names both."""

import re

import pytest

from scripts.config.settings import load_settings
from scripts.console.failure import Failure

TO_ZERO = {"SAGEMAKER_AUTOSCALING_MAX_INSTANCES": "2", "SAGEMAKER_AUTOSCALING_MIN_INSTANCES": "0"}


@pytest.mark.parametrize(
    "environment, sentence",
    [
        (
            {"SAGEMAKER_TRAIN_SPOT": "true", "SAGEMAKER_TRAIN_MAX_WAIT_SECONDS": "10"},
            "max-wait-seconds must be at least",
        ),
        (
            {"SAGEMAKER_AUTOSCALING_MAX_INSTANCES": "2", "SAGEMAKER_DEPLOY_MODE": "serverless"},
            "must be 0 with deploy.mode serverless",
        ),
        (
            {"SAGEMAKER_AUTOSCALING_MAX_INSTANCES": "2", "SAGEMAKER_AUTOSCALING_MIN_INSTANCES": "3"},
            "at most autoscaling.max-instances",
        ),
        (
            {**TO_ZERO, "SAGEMAKER_DEPLOY_INSTANCE_TYPES": "ml.g5.xlarge,ml.g6.xlarge"},
            "deploy.instance-types must be []",
        ),
        ({**TO_ZERO, "SAGEMAKER_DEPLOY_INSTANCE_COUNT": "3"}, "must be at most autoscaling.max-instances"),
        ({**TO_ZERO, "SAGEMAKER_CAPTURE_PERCENT": "5"}, "capture.percent must be 0 with autoscaling.min-instances 0"),
        (
            {**TO_ZERO, "SAGEMAKER_UPDATE_TRAFFIC": "CANARY", "SAGEMAKER_DEPLOY_INSTANCE_COUNT": "2"},
            "update.traffic must be ALL_AT_ONCE",
        ),
        ({**TO_ZERO, "SAGEMAKER_UPDATE_KEEP_OLD_SECONDS": "60"}, "update.keep-old-seconds must be 0"),
        (
            {"SAGEMAKER_CAPTURE_PERCENT": "5", "SAGEMAKER_DEPLOY_MODE": "serverless"},
            "capture.percent must be 0 with deploy.mode serverless",
        ),
        (
            {"SAGEMAKER_CAPTURE_PERCENT": "5", "SAGEMAKER_DEPLOY_MODE": "async"},
            "capture.percent must be 0 with deploy.mode async",
        ),
        (
            {"SAGEMAKER_TRAIN_SPOT": "true", "SAGEMAKER_TRAIN_INSTANCE_TYPES": "ml.g5.xlarge,ml.g6.xlarge"},
            "train.instance-types must be [] with train.spot",
        ),
        (
            {"SAGEMAKER_TRAIN_SPOT": "true", "SAGEMAKER_TRAIN_KEEP_ALIVE_SECONDS": "60"},
            "train.keep-alive-seconds must be 0 with train.spot",
        ),
        (
            {"SAGEMAKER_TRAIN_SHELL": "true", "SAGEMAKER_TRAIN_NETWORK_ISOLATION": "on"},
            "train.network-isolation must be auto or off with train.shell",
        ),
        (
            {"SAGEMAKER_TRAIN_INSTANCE_TYPES": "ml.g5.xlarge,ml.g6.xlarge,ml.g5.xlarge"},
            "train.instance-types must name ml.g5.xlarge once",
        ),
        (
            {"SAGEMAKER_DEPLOY_INSTANCE_TYPES": "ml.g5.xlarge,ml.g5.xlarge"},
            "deploy.instance-types must name ml.g5.xlarge once",
        ),
        ({"SAGEMAKER_TUNE_MAX_JOBS": "751"}, "tune.max-jobs must be at most 750 with tune.strategy Bayesian"),
        (
            {"SAGEMAKER_TUNE_MAX_JOBS": "751", "SAGEMAKER_TUNE_STRATEGY": "Grid"},
            "tune.max-jobs must be at most 750 with tune.strategy Grid; Random may have up to 10,000",
        ),
        (
            {"SAGEMAKER_SERVERLESS_MEMORY_MB": "1500", "SAGEMAKER_DEPLOY_MODE": "serverless"},
            "memory-mb must be 1024, 2048",
        ),
        ({"SAGEMAKER_UPDATE_TRAFFIC": "CANARY"}, "deploy.instance-count must be at least 2 with update.traffic CANARY"),
        ({"SAGEMAKER_UPDATE_TRAFFIC": "LINEAR"}, "deploy.instance-count must be at least 2 with update.traffic LINEAR"),
        (
            {"SAGEMAKER_UPDATE_TRAFFIC": "LINEAR", "SAGEMAKER_UPDATE_STEP_PERCENT": "9"},
            "step-percent must be at least 10",
        ),
        (
            {
                "SAGEMAKER_UPDATE_TRAFFIC": "LINEAR",
                "SAGEMAKER_UPDATE_STEP_PERCENT": "10",
                "SAGEMAKER_UPDATE_WAIT_SECONDS": "2521",
            },
            "at most 25200",
        ),
        ({"SAGEMAKER_TUNE_PARALLEL": "17"}, "tune.parallel must be at most tune.max-jobs"),
        (
            {"SAGEMAKER_TUNE_MAX_RUNTIME_SECONDS": "119"},
            "tune.max-runtime-seconds must be 0, which is no limit, or at least 120",
        ),
        ({"SAGEMAKER_TUNE_NOT_IMPROVING": "2"}, "tune.not-improving must be 0, which is off, or at least 3"),
        (
            {"SAGEMAKER_TUNE_STRATEGY": "Hyperband", "SAGEMAKER_TUNE_EARLY_STOPPING": "true"},
            "tune.early-stopping must be false",
        ),
        (
            {"SAGEMAKER_TUNE_HYPERBAND_MIN_EPOCHS": "5", "SAGEMAKER_TUNE_HYPERBAND_MAX_EPOCHS": "4"},
            "at most tune.hyperband-max-epochs",
        ),
        (
            {"SAGEMAKER_TUNE_OBJECTIVE": "test_loss", "SAGEMAKER_TUNE_EARLY_STOPPING": "true"},
            "test_loss comes once, at a trial's end",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_a_sentence(environment, sentence):
    with pytest.raises(Failure, match=re.escape(sentence)):
        load_settings(environment=environment)
