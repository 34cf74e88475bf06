"""The variables that point every AWS client of a shell at the local SageMaker, and at nothing else.

Variables and their precedence: https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from local_test.host.command import COMMAND
from local_test.host.identity import AccessKey, access_key_of
from local_test.interception import ca_bundle
from local_test.interception.settings import read_settings
from local_test.interception.variables import BEFORE, CHANGED, EXCEPTIONS, before, intercepting, upstream_of
from local_test.service_address import Address, control
from local_test.shells import Variables, shell_lines

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


def variables(
    address: Address, key: AccessKey, folder: Path, present: Mapping[str, str], intercept: bool = False
) -> Variables:
    """Variables to set, or with None to forget, where the environment is `present`.

    The credentials are the service's own, which AWS does not know, and the configuration files are out of sight: a
    client that does not look at the address is refused by AWS, or, intercepted, does not get there.

    Args:
        folder: the service's own.
        intercept: also answer what is sent to AWS's own addresses. The interception must have been switched on.
    """
    own = before(present)
    others = sorted(name for name in own if name.startswith("AWS_ENDPOINT_URL_"))
    undone = [name for name in (*CHANGED, BEFORE) if present.get(name) != own.get(name)]
    values: Variables = {
        **dict.fromkeys([*FORGOTTEN, *others]),
        **{name: own.get(name) for name in undone},
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
        "SAGEMAKER_COSTS_SAY": "false",  # of the scripts: nothing here costs money
        "SAGEMAKER_ROLE": address.role,
        # SDK 3 asks IAM about every role first; a role of an account that is not here would be unknown to it.
        "SAGEMAKER_VALIDATE_ROLE": "false",
        "SAGEMAKER_BUCKET": address.bucket,
    }
    if intercept:
        settings = read_settings(folder)
        if settings is None:
            raise FileNotFoundError(f"{folder} has no interception yet: {COMMAND} env --intercept switches it on.")
        values |= intercepting(own, settings.url, str((folder / ca_bundle.FILE).resolve()))
    for name in EXCEPTIONS:
        past = (values.get(name) if intercept else own.get(name)) or ""
        values[name] = ",".join([*(host for host in past.split(",") if host and host != LOOPBACK), LOOPBACK])
    return values


def switch_interception_on(address: Address, folder: Path, present: Mapping[str, str]) -> None:
    """Have the service answer what is sent to AWS's own addresses, and write the CA bundle.

    Raises ValueError with the service's refusal, OSError for a CA bundle of the shell's own that cannot be read.
    """
    own = before(present)
    upstream = upstream_of(own)
    query = urlencode({"proxy": upstream.proxy, "no_proxy": upstream.no_proxy}, quote_via=quote)
    if control(folder, address, f"intercept?{query}", "POST") is None:
        raise ValueError(f"The local SageMaker at {address.url} does not answer. End it and start it again.")
    ca_bundle.write_bundle(folder, own)


def exports(
    address: Address, folder: Path, present: Mapping[str, str], shell: str = "sh", intercept: bool = False
) -> list[str]:
    """The same as lines for a shell, one of shells.SHELLS. Raises ValueError and OSError where the interception cannot
    be switched on.
    """
    if intercept:
        switch_interception_on(address, folder, present)
    return shell_lines(shell, variables(address, access_key_of(folder), folder, present, intercept))
