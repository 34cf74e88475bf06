"""What one side hands to another, and the other understands."""

from pathlib import Path

from local_test.environment import variables
from local_test.host.identity import new_access_key
from local_test.service_address import Address
from scripts.config.settings import load_settings
from scripts.console import make_prefix


def test_the_scripts_find_what_the_local_sagemaker_exports():
    address = Address(
        "http://127.0.0.1:1", "local-sagemaker-x", 1, "us-east-1", "a-bucket", "arn:aws:iam::123456789012:role/r"
    )
    exported = {
        name: value
        for name, value in variables(address, new_access_key("AKIA"), Path("out/local"), {}).items()
        if value is not None
    }
    settings = load_settings(environment=exported)
    assert (settings.role, settings.bucket, settings.region) == (address.role, address.bucket, address.region)
    assert exported[make_prefix.VARIABLE] == "local-"
