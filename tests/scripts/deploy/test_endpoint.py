"""make deploy: creates the endpoint or updates it, waits for what was asked, and tells why it did not come."""

import json

import pytest

from scripts import deploy
from scripts.aws.clients import Aws
from scripts.aws.endpoints import wait_until_gone
from scripts.config.settings import load_settings
from scripts.console.failure import Failure
from tests.scripts.console.documented import fields
from tests.scripts.deploy.endpoint import NOTHING, states
from tests.scripts.sagemaker_stand_in import Refusal


def test_a_second_deploy_updates_the_endpoint(ready):
    ready.answers["DescribeEndpoint"] = states(ready, ["InService", "Updating", "InService"])
    assert deploy.main([]) == 0
    assert ready.made() == ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]


def test_a_failed_endpoint_is_replaced(ready):
    ready.answers["DescribeEndpoint"] = states(ready, ["Failed", "Deleting", NOTHING, "Creating", "InService"])
    assert deploy.main([]) == 0
    assert ready.made() == ["CreateModel", "CreateEndpointConfig", "DeleteEndpoint", "CreateEndpoint"]


QUOTA = Refusal(
    "ResourceLimitExceeded", "The account-level service limit 'ml.g4dn.xlarge for endpoint usage' is 0 Instances."
)


@pytest.mark.parametrize(
    ("refused", "taken_back"),
    [
        ("CreateModel", []),
        ("CreateEndpointConfig", ["DeleteModel"]),
        ("CreateEndpoint", ["DeleteEndpointConfig", "DeleteModel"]),
    ],
)
def test_a_deployment_that_is_refused_leaves_no_model_and_no_config(ready, refused, taken_back, capsys):
    ready.answers[refused] = QUOTA
    assert deploy.main([]) == 1
    assert ready.made()[ready.made().index(refused) + 1 :] == taken_back
    version = ready.request("CreateModel")["ModelName"]
    for operation in taken_back:
        assert list(ready.request(operation).values()) == [version]
    assert f"AWS refused {refused}: The account-level service limit" in capsys.readouterr().err


def test_an_update_that_is_refused_leaves_no_model_and_no_config(ready):
    ready.answers |= {"DescribeEndpoint": states(ready, ["InService"]), "UpdateEndpoint": QUOTA}
    assert deploy.main([]) == 1
    assert ready.made()[-2:] == ["DeleteEndpointConfig", "DeleteModel"]


def test_what_cannot_be_taken_back_is_named_and_the_refusal_told(ready, capsys):
    ready.answers |= {"CreateEndpoint": QUOTA, "DeleteModel": Refusal("AccessDeniedException", "not you", 403)}
    assert deploy.main([]) == 1
    said = capsys.readouterr().err
    assert f"warning: {ready.request('CreateModel')['ModelName']} stays. AWS refused DeleteModel" in said
    assert said.splitlines()[-1].startswith("error: AWS refused CreateEndpoint")


def test_a_model_that_the_next_request_does_not_know_yet_is_asked_for_again(ready):
    def unknown(request):
        ready.answers["CreateEndpointConfig"] = {}
        raise Refusal("ValidationException", f'Could not find model "{request["ProductionVariants"][0]["ModelName"]}".')

    ready.answers["CreateEndpointConfig"] = unknown
    assert deploy.main([]) == 0
    assert ready.made() == ["CreateModel", "CreateEndpointConfig", "CreateEndpointConfig", "CreateEndpoint"]


def test_a_model_of_somebody_elses_that_is_not_there_is_not_waited_for(ready):
    ready.answers["CreateEndpointConfig"] = Refusal("ValidationException", 'Could not find model "other".')
    assert deploy.main([]) == 1
    assert ready.made() == ["CreateModel", "CreateEndpointConfig", "DeleteModel"]


@pytest.mark.parametrize("status", ["Creating", "Updating", "Deleting", "RollingBack"])
def test_an_endpoint_that_takes_no_update_is_a_sentence_and_nothing_is_made(ready, status, capsys):
    ready.answers["DescribeEndpoint"] = states(ready, [status])
    assert deploy.main([]) == 1
    assert f"dogbreed is {status} and takes no update. Where that is a change under way" in capsys.readouterr().err
    assert ready.made() == []


@pytest.mark.parametrize(
    "mode, more, said",
    [
        ("async", {}, "is not async and cannot become async"),
        ("realtime", {"AsyncInferenceConfig": {"OutputConfig": {}}}, "is async and cannot become realtime"),
    ],
)
def test_an_endpoint_that_would_have_to_become_async_or_cease_to_is_a_sentence(
    ready, monkeypatch, mode, more, said, capsys
):
    monkeypatch.setenv("SAGEMAKER_DEPLOY_MODE", mode)
    ready.answers["DescribeEndpoint"] = states(ready, ["InService"], **more)
    assert deploy.main([]) == 1
    assert said in capsys.readouterr().err
    assert ready.made() == []


def test_a_failure_tells_the_reason_after_the_last_log_lines(ready, write_log, capsys):
    write_log("/aws/sagemaker/Endpoints/dogbreed", "AllTraffic/i-1", "an old line")
    ready.answers["DescribeEndpoint"] = states(
        ready,
        [NOTHING, "Creating", "Failed"],
        FailureReason="The primary container did not pass the ping health check.",
    )
    real = ready.answers["DescribeEndpoint"]

    def describe(request):
        answer = real(request)
        if answer["EndpointStatus"] == "Creating":
            write_log("/aws/sagemaker/Endpoints/dogbreed", "AllTraffic/i-2", "error: the model could not be loaded")
        return answer

    ready.answers["DescribeEndpoint"] = describe
    assert deploy.main([]) == 1
    said = capsys.readouterr().err
    assert said.index("error: the model could not be loaded") < said.index("did not pass the ping health check")


def test_an_update_that_went_back_is_a_failure_although_the_endpoint_is_in_service(ready, capsys):
    ready.answers["DescribeEndpoint"] = states(
        ready,
        ["InService", "Updating", "RollingBack", "InService"],
        served="dogbreed-earlier",
        FailureReason="an alarm went off",
    )
    assert deploy.main([]) == 1
    assert "went back to dogbreed-earlier: an alarm went off" in capsys.readouterr().err


def test_an_endpoint_that_cannot_be_deleted_is_not_waited_for(sagemaker, aws):
    sagemaker.answers["DescribeEndpoint"] = states(
        sagemaker, ["Deleting", "Failed"], FailureReason="a network interface is in use"
    )
    with pytest.raises(Failure, match="could not be deleted; it is Failed: a network"):
        wait_until_gone(Aws(load_settings()), "dogbreed")


def test_ctrl_c_leaves_the_endpoint_and_says_so(ready, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(deploy, "wait_until_in_service", interrupted)
    assert deploy.main([]) == 130
    assert "keeps running" in capsys.readouterr().err


def test_waiting_for_the_end_of_an_endpoint_that_is_not_there_ends(sagemaker, aws):
    sagemaker.answers["DescribeEndpoint"] = NOTHING
    wait_until_gone(Aws(load_settings()), "dogbreed")


def test_json_has_the_endpoint_and_what_it_serves_also_where_that_fails(ready, capsys):
    assert deploy.main(["--json"]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["endpoint"], found["status"], found["job"]) == ("dogbreed", "InService", "dogbreed-train-b")
    assert set(found) == fields("deploy")
    assert found["config"] == ready.request("CreateEndpoint")["EndpointConfigName"]
    assert found["model_data"].endswith("/dogbreed-train-b/output/model.tar.gz") and "is in service" in shown.err
    ready.answers["DescribeEndpoint"] = states(ready, [NOTHING, "Creating", "Failed"], FailureReason="no ping")
    assert deploy.main(["--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["endpoint"] == "dogbreed" and "no ping" in found["error"] and "status" not in found
