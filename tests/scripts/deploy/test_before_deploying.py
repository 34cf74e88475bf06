"""make deploy: quota and costs before anything is created."""

import json

from scripts import deploy
from tests.scripts.account_services import quotas_are
from tests.scripts.deploy.endpoint import states


def test_a_quota_that_is_too_small_is_said_before_anything_is_created(quotas, ready, capsys):
    quotas.answers["GetServiceQuota"] = quotas_are(0)
    assert deploy.main([]) == 1
    said = capsys.readouterr().err
    assert "The quota `ml.g4dn.xlarge for endpoint usage` is 0 in eu-west-1, and 1 is wanted." in said
    assert "deploy.instance-type in sagemaker.toml" in said and ready.made() == []


def test_what_the_endpoint_costs_is_said_with_what_ends_it(offices, ready, capsys):
    assert deploy.main([]) == 0
    shown = capsys.readouterr()
    assert "ml.g4dn.xlarge costs 1.00 USD an hour, 24.00 USD a day. It costs until `make delete`" in shown.err
    assert "the endpoint costs until make delete" in shown.out


def test_a_serverless_endpoint_has_no_machines_to_ask_for(offices, ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_DEPLOY_MODE", "serverless")
    assert deploy.main([]) == 0
    assert [one.calls for one in offices.values()] == [[], []] and "an hour" not in capsys.readouterr().err


def test_a_dry_run_asks_nobody(offices, ready, capsys):
    assert deploy.main(["--dry-run"]) == 0
    assert [one.calls for one in offices.values()] == [[], []] and json.loads(capsys.readouterr().out)


def test_the_endpoints_own_instances_are_in_use_while_it_is_updated(quotas, ready, capsys):
    """Blue/green: the new ones come before the old ones go."""
    quotas.answers["GetServiceQuota"] = quotas_are(1)
    ready.answers["DescribeEndpoint"] = states(
        ready, ["InService"], ProductionVariants=[{"VariantName": "AllTraffic", "CurrentInstanceCount": 1}]
    )
    ready.answers |= {
        "ListEndpoints": {
            "Endpoints": [
                {
                    "EndpointName": "dogbreed",
                    "EndpointArn": "a",
                    "CreationTime": 1,
                    "LastModifiedTime": 1,
                    "EndpointStatus": "InService",
                }
            ]
        },
        "DescribeEndpointConfig": {
            "ProductionVariants": [
                {"VariantName": "AllTraffic", "InstanceType": "ml.g4dn.xlarge", "InitialInstanceCount": 1}
            ]
        },
    }
    assert deploy.main([]) == 0
    said = capsys.readouterr().err
    assert "is 1 in eu-west-1, of which 1 in use, and 1 is wanted: AWS may refuse it." in said
