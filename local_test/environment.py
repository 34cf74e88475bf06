"""The variables that point every AWS client of a shell at the local SageMaker, and at nothing else.

They are set by lines that a shell, or a notebook, evaluates; an intercepted shell gets a CA bundle, too.

Variables and their precedence: https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
"""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from contract.atomic_write import write_atomically
from local_test.host.command import COMMAND
from local_test.host.container_proxies import EVERY_HOST
from local_test.host.identity import AccessKey, access_key_of
from local_test.host.trusted_certificates import certificates, certificates_in
from local_test.interception.settings import AUTHORITY_FILE, read_settings
from local_test.interception.variables import BEFORE, CHANGED, EXCEPTIONS, PROXIES, before, intercepting, upstream_of
from local_test.service_address import Address, control

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
CA_BUNDLE = "ca-bundle.pem"  # in the state folder, of a shell whose requests to AWS are intercepted
SECRET = ("AWS_SECRET_ACCESS_KEY", *PROXIES, BEFORE)
Variables = dict[str, str | None]  # None: the variable is to be removed
_Line = Callable[[str, str | None], str]


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
        values |= intercepting(own, settings.url, str((folder / CA_BUNDLE).resolve()))
    for name in EXCEPTIONS:
        past = (values.get(name) if intercept else own.get(name)) or ""
        hosts = [host for host in past.split(",") if host and host != LOOPBACK]
        values[name] = EVERY_HOST if EVERY_HOST in hosts else ",".join([*hosts, LOOPBACK])
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
    write_bundle(folder, own)


def write_bundle(folder: Path, own: Mapping[str, str]) -> None:
    """The certificates that a program trusts while its requests to AWS are intercepted: those that it would, and ours.

    Into the state folder, which has our certificate authority. own: a shell's variables without any interception.

    Raises OSError for a bundle that a variable names and that cannot be read."""
    both = dict.fromkeys([*certificates(own), *certificates_in((folder / AUTHORITY_FILE).read_text())])
    write_atomically(folder / CA_BUNDLE, "\n".join([*both, ""]), mode=0o600)


def exports(
    address: Address, folder: Path, present: Mapping[str, str], shell: str = "sh", intercept: bool = False
) -> list[str]:
    """`variables` as lines for a shell, one of SHELLS. Raises ValueError and OSError where the interception cannot
    be switched on.
    """
    if intercept:
        switch_interception_on(address, folder, present)
    return shell_lines(shell, variables(address, access_key_of(folder), folder, present, intercept))


def _sh(name: str, value: str | None) -> str:
    return f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str | None) -> str:
    """https://fishshell.com/docs/current/language.html#quotes: in single quotes, \\ and ' are escaped."""
    if value is None:
        return f"set -e {name};"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}';"


def _powershell(name: str, value: str | None) -> str:
    """https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules"""
    if value is None:
        return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue"
    return f"$Env:{name} = '{value.replace(chr(39), chr(39) * 2)}'"


def _notebook(name: str, value: str | None) -> str:
    """IPython puts variables of its own in for {} and $, and has no magic to remove one from the environment.

    %env prints what it sets, and a notebook keeps what was printed: secrets are set without it."""
    if value is None:
        return f'__import__("os").environ.pop("{name}", None);'
    if name in SECRET or any(sign in value for sign in "{}$'\"\\"):
        return f'__import__("os").environ["{name}"] = {value!r}'
    return f"%env {name}={value}"


_LINES: Mapping[str, _Line] = {
    "sh": _sh,
    "bash": _sh,
    "zsh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "notebook": _notebook,
}
SHELLS = tuple(_LINES)


def shell_lines(shell: str, variables: Variables) -> list[str]:
    """shell: one of SHELLS."""
    return [_LINES[shell](name, value) for name, value in variables.items()]
