"""An endpoint that scales to zero: what status, delete, predict and logs make of it and of its inference component."""

import json

import pytest
from botocore.exceptions import ClientError

from scripts import delete, logs, predict, status
from scripts.aws import invocation
from scripts.try_page import answers
from tests.scripts.deploy.component import HOST, NO_COMPONENT
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.things_there import OURS, Account, put_alarm

NO_CAPACITY = Refusal(
    "ValidationError",
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
    "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.",
)


class Host(Account):
    """An account whose endpoint hosts a component, which goes when it is asked to; the endpoint stays until then."""

    def __init__(self, sagemaker, copies: int):
        super().__init__(sagemaker)
        self.component, self.copies, self.looked = "InService", copies, []
        sagemaker.answers |= {
            "DescribeInferenceComponent": self.describe_component,
            "DeleteInferenceComponent": lambda request: self.set_component("Deleting"),
            "DeleteEndpoint": lambda request: self.delete_endpoint(),
        }

    def describe_endpoint(self, request):
        variant = {**HOST, "CurrentInstanceCount": self.copies}
        return super().describe_endpoint(request) | {"ProductionVariants": [variant]}

    def describe_component(self, request):
        self.looked.append(self.component)
        if self.component is None:
            raise NO_COMPONENT
        if self.component == "Deleting" and self.looked.count("Deleting") > 1:
            self.component = None
        return {
            "InferenceComponentName": request["InferenceComponentName"],
            "InferenceComponentStatus": self.component or "Deleting",
            "CreationTime": 1,
            "RuntimeConfig": {"DesiredCopyCount": self.copies, "CurrentCopyCount": self.copies},
        }

    def set_component(self, state):
        self.component = state
        return {}

    def delete_endpoint(self):
        if self.component:
            raise Refusal("ValidationException", "The endpoint hosts inference components.")
        return self.set_endpoint(None)


@pytest.fixture
def host(sagemaker, aws, bucket):
    host = Host(sagemaker, copies=1)
    host.jobs = {"TrainingJob": {}, "TransformJob": {}}
    return host


REMOVED = ["DeleteInferenceComponent", "DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel"]


def test_scaling_and_alarm_go_then_the_component_then_the_endpoint(host, sagemaker, aws, capsys):
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "inference-component/dogbreed",
        "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
    }
    scaling = aws.client("application-autoscaling")
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)
    put_alarm(aws, "dogbreed-wake")
    assert delete.main(["--dry-run"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert [call["operation"] for call in calls] == ["DeregisterScalableTarget", "DeleteAlarms", *REMOVED]
    assert calls[0]["request"] == target
    assert delete.main(["--yes"]) == 0
    assert sagemaker.made() == REMOVED and host.endpoint is None
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert "DeleteInferenceComponent  dogbreed" in capsys.readouterr().out


def test_a_component_that_is_changing_goes_when_that_is_over(host, sagemaker, capsys):
    host.component = "Creating"
    describe = host.describe_component

    def changes(request):
        if host.component == "Creating" and host.looked.count("Creating") == 3:
            assert "DeleteInferenceComponent" not in sagemaker.made()
            host.component = "InService"
        return describe(request)

    sagemaker.answers["DescribeInferenceComponent"] = changes
    assert delete.main(["--yes"]) == 0
    assert sagemaker.made() == REMOVED
    assert "inference component dogbreed: Creating, which may take 20 minutes; then it goes" in capsys.readouterr().err


def test_a_deletion_that_is_under_way_is_waited_for(host, sagemaker):
    host.component = "Deleting"
    assert delete.main(["--yes"]) == 0
    assert sagemaker.made() == REMOVED[1:]


def test_a_component_that_stays_keeps_its_endpoint_and_what_that_needs(host, sagemaker, capsys):
    sagemaker.answers["DeleteInferenceComponent"] = Refusal("ValidationException", "Not now.")
    assert delete.main(["--yes"]) == 1
    assert sagemaker.made() == REMOVED[:1] and host.versions["Models"][0] == OURS
    assert "error: dogbreed: AWS refused DeleteInferenceComponent" in capsys.readouterr().err


def rows(capsys) -> dict[str, str]:
    lines = [line for line in capsys.readouterr().out.splitlines() if "dogbreed" in line]
    return {line.split("  ")[0]: line for line in reversed(lines)}


def test_status_shows_the_copies_and_that_an_endpoint_at_zero_costs_nothing(host, capsys):
    assert status.main([]) == 0
    shown = rows(capsys)
    assert "InService, 1 copy" in shown["inference component"]
    assert shown["endpoint"].endswith("by the hour, 1 instance")
    host.copies = 0
    assert status.main([]) == 0
    shown = rows(capsys)
    assert "InService, 0 copies" in shown["inference component"]
    assert "InService, 0 instances" in shown["endpoint"] and "by the hour" not in shown["endpoint"]


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8dog")
    return str(tmp_path / "a.jpg")


def test_a_picture_wakes_an_endpoint_at_zero_and_is_answered_when_it_is_there(host, sagemaker, picture, capsys):
    asked = []

    def invoke(headers, body):
        asked.append(headers["X-Amzn-SageMaker-Inference-Component"])
        if len(asked) < 4:
            raise NO_CAPACITY
        return {"predictions": [{"label": "Beagle", "probability": 0.9}]}

    sagemaker.invoke = invoke
    assert predict.main([picture]) == 0
    shown = capsys.readouterr()
    assert "Beagle" in shown.out and set(asked) == {"dogbreed"}
    assert shown.err.count("dogbreed is at zero instances and is being woken") == 1
    assert "for up to 20 minutes" in shown.err


def test_an_endpoint_that_does_not_wake_is_given_up(host, sagemaker, picture, monkeypatch, capsys):
    def invoke(headers, body):
        raise NO_CAPACITY

    sagemaker.invoke = invoke
    monkeypatch.setattr(invocation, "MINUTES_TO_WAKE", 0)
    assert predict.main([picture]) == 1
    assert "at zero instances, and none has come in 0 minutes" in capsys.readouterr().err


def test_a_dry_run_names_the_component_of_settings_that_scale_to_zero(aws, picture, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "2")
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MIN_INSTANCES", "0")
    assert predict.main(["--dry-run", picture]) == 0
    assert json.loads(capsys.readouterr().out)[0]["request"]["InferenceComponentName"] == "dogbreed"


def test_the_log_of_such_an_endpoint_is_its_components(host, sagemaker, write_log, capsys):
    write_log("/aws/sagemaker/InferenceComponents/dogbreed", "AllTraffic/i-1", "a copy starts")
    assert logs.main(["dogbreed"]) == 0
    assert "a copy starts" in capsys.readouterr().out


def test_the_page_to_try_says_that_the_endpoint_is_being_woken():
    refused = {"Error": {"Code": NO_CAPACITY.code, "Message": NO_CAPACITY.message}}

    def send(body, content_type, custom_attributes):
        raise ClientError(refused, "InvokeEndpoint")

    status_, said = answers.ask(send, b"\xff\xd8", "image/jpeg", answers.PREDICTIONS)
    assert status_ == 502 and "is at zero instances. This request wakes it" in said["error"]
