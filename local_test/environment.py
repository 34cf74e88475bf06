"""The shell commands that point every AWS client of a shell at the local SageMaker, and at nothing else.

Variables and their precedence: https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
"""

import shlex
from collections.abc import Mapping
from pathlib import Path

from local_test.host.identity import AccessKey, access_key_of
from local_test.service_address import Address

# Any of these would win over what is exported, or bring real credentials back.
FORGOTTEN = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)
SDK_CONFIG = "sagemaker-sdk.yaml"
LOOPBACK = "127.0.0.1"


def sdk_config(bucket: str, role: str) -> str:
    """Defaults of the SageMaker Python SDK, which else asks AWS's STS by name for an account, and sends AWS its
    telemetry. role: the ARN that a request has where a program gives none.

    https://sagemaker.readthedocs.io/en/v2/overview.html#configuring-and-using-defaults-with-the-sagemaker-python-sdk
    """
    return f"""SchemaVersion: "1.0"
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
      Session:
        DefaultS3Bucket: {bucket}
      RemoteFunction:
        RoleArn: {role}
  TrainingJob:
    RoleArn: {role}
  ProcessingJob:
    RoleArn: {role}
  Model:
    ExecutionRoleArn: {role}
"""


def variables(address: Address, key: AccessKey, folder: Path, present: Mapping[str, str]) -> dict[str, str | None]:
    """Variables to set, or with None to forget, where the environment is `present`. folder: the service's own.

    The credentials are the service's own, which AWS does not know, and the configuration files are out of sight: a
    client that does not look at the address is refused by AWS."""
    others = sorted(name for name in present if name.startswith("AWS_ENDPOINT_URL_"))
    values = {
        "AWS_ENDPOINT_URL": address.url,
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_REGION": address.region,
        "AWS_DEFAULT_REGION": address.region,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(folder.resolve() / SDK_CONFIG),
        "MAKE_VERB_PREFIX": "local-",  # the scripts' hints then name the targets that lead here
        "SAGEMAKER_ROLE": address.role,
        # SDK 3 asks IAM about every role first; a role of an account that is not here would be unknown to it.
        "SAGEMAKER_VALIDATE_ROLE": "false",
        "SAGEMAKER_BUCKET": address.bucket,
    }
    for name in ("NO_PROXY", "no_proxy"):
        past = [host for host in present.get(name, "").split(",") if host and host != LOOPBACK]
        values[name] = ",".join([*past, LOOPBACK])
    return {**dict.fromkeys([*FORGOTTEN, *others]), **values}


def exports(address: Address, folder: Path, present: Mapping[str, str]) -> list[str]:
    """The same as `unset` and `export` lines for a shell."""
    return [
        f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"
        for name, value in variables(address, access_key_of(folder), folder, present).items()
    ]
