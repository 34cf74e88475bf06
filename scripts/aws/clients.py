"""The connection to AWS: clients of one region, the account, the role and the bucket, and planned calls.

boto3 decides where requests go (AWS_ENDPOINT_URL, the profile); nothing here depends on it. Calls that take a while,
with their retries, are said as every other wait is.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.model import OperationModel

from scripts.aws.current_credentials import CurrentCredentials
from scripts.config.layout import Layout
from scripts.config.settings import Settings
from scripts.console.failure import Failure, no_url
from scripts.console.make import make
from scripts.console.waits import Wait, is_waiting

# read_timeout: an endpoint may take 60 seconds to answer. Connections: what the parallel programs use at most.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4},
    max_pool_connections=64,
    connect_timeout=10,
    read_timeout=90,
)
# What a program can do without is asked once, and not waited for. The price list answers in few regions:
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
_QUICK = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}, max_pool_connections=16)
_QUICK_ELSEWHERE = {"pricing": _QUICK.merge(Config(region_name="us-east-1"))}
_WAIT = "wait"  # in the context of a request


@dataclass(frozen=True)
class Call:
    """service: boto3's name of it, `ecr`. operation: as AWS writes it, `CreateRepository`. request: its parameters."""

    service: str
    operation: str
    request: dict[str, Any]


def as_json(calls: list[Call]) -> str:
    """`[{"service": ..., "operation": ..., "request": {...}}, ...]`."""
    return json.dumps([vars(call) for call in calls], indent=2)


class Aws:
    """Clients by name (`aws.client("s3")`) and what the settings leave to the account.

    Raises Failure when neither the settings nor the AWS profile name a region. Clients may be used in threads, but make
    them before the threads start.
    """

    def __init__(self, settings: Settings, config: Config | None = None):
        """config: of the clients, such as how long they wait; by default that of the programs."""
        self.settings, self._config = settings, config or _CONFIG
        self._boto = boto3.Session(region_name=settings.region or None)
        self.region = self._boto.region_name
        if not self.region:
            raise Failure("No AWS region is set. Set AWS_REGION, or region in sagemaker.toml.")
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            client = self._made(service, self._config)
            if self._credentials:
                self._credentials.sign_for(client)
            _say_waits(client)
            if service == "s3":
                bucket = self.layout.bucket
                client.meta.events.register("provide-client-params.s3", _naming_owner(bucket, self.account), bucket)
            self._clients[service] = client
        return self._clients[service]

    def quick_client(self, service: str) -> Any:
        """For what a program can do without: one attempt, of two seconds at most. Make it before threads start."""
        name = f"quick {service}"
        if name not in self._clients:
            self._clients[name] = self._made(service, _QUICK_ELSEWHERE.get(service, _QUICK))
        return self._clients[name]

    def _made(self, service: str, config: Config) -> Any:
        try:
            return self._boto.client(service, config=config)
        except ValueError as error:
            raise no_url(error) from error

    @cached_property
    def _credentials(self) -> CurrentCredentials | None:
        """None without any: then botocore says so."""
        found = self._boto.get_credentials()
        return CurrentCredentials(found, self._looked_for_anew) if found else None

    def _looked_for_anew(self) -> Credentials | None:
        """None where there are none now, or those of another account: whoever has logged in there meanwhile does not
        mean this program.
        """
        session = boto3.Session(region_name=self.region)
        found = session.get_credentials()
        if found and "identity" in vars(self):
            known = session.client("sts", config=self._config).get_caller_identity()
            return found if known["Account"] == self.account else None
        return found

    def make(self, call: Call) -> dict[str, Any]:
        """Make a planned call and return AWS's answer."""
        return getattr(self.client(call.service), xform_name(call.operation))(**call.request)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Whose the credentials are: Account and Arn."""
        return self.client("sts").get_caller_identity()

    def credentials_source(self) -> str:
        """botocore's name of where it found them, such as `env` or `shared-credentials-file`; '' without any."""
        found = self._boto.get_credentials()
        return str(found.method) if found else ""

    def regions_of(self, service: str) -> list[str]:
        """Those that botocore knows, of all partitions; a newer region may be missing."""
        partitions = self._boto.get_available_partitions()
        return [region for one in partitions for region in self._boto.get_available_regions(service, one)]

    @cached_property
    def account(self) -> str:
        """The id of the account whose credentials these are."""
        return str(self.identity["Account"])

    @cached_property
    def role_arn(self) -> str:
        """The ARN of the setting `role`, which may be a name. Raises Failure when it is empty."""
        role = self.settings.role
        if not role:
            raise Failure(
                "No role is set. Name the IAM role that SageMaker works under: SAGEMAKER_ROLE, or role in "
                f"sagemaker.toml; `{make('bootstrap')}` makes one. "
                "See https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
            )
        if role.startswith("arn:"):
            return role
        partition = self.identity["Arn"].split(":")[1]  # aws, aws-cn, aws-us-gov
        return f"arn:{partition}:iam::{self.account}:role/{role}"

    @cached_property
    def layout(self) -> Layout:
        """The places in S3. An empty setting `bucket` is the bucket that SageMaker's own SDK would take."""
        bucket = self.settings.bucket or f"sagemaker-{self.region}-{self.account}"
        return Layout(bucket, self.settings.prefix)


def _naming_owner(bucket: str, account: str) -> Callable[..., dict[str, Any] | None]:
    """A hook of botocore's that names the account in every request to the bucket. Its name can be told from the account
    and the region: whoever takes it first must get nothing.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """

    def with_owner(params: dict[str, Any], model: OperationModel, **_: Any) -> dict[str, Any] | None:
        takes_it = model.input_shape is not None and "ExpectedBucketOwner" in model.input_shape.members
        if not takes_it or params.get("Bucket") != bucket:
            return None
        return {"ExpectedBucketOwner": account, **params}

    return with_owner


def _say_waits(client: Any) -> None:
    """Have the waits for a boto3 client's answers said, unless a wait or a progress that they are part of is said.

    https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """
    events = client.meta.events
    events.register("before-call", _begin_wait, unique_id="wait-begin")
    events.register("after-call", _end_wait, unique_id="wait-end")
    events.register("after-call-error", _end_wait, unique_id="wait-error")


def _begin_wait(model: OperationModel, context: dict[str, Any], **_: Any) -> None:
    if not is_waiting():
        wait = context[_WAIT] = Wait(f"the answer to {model.name}")
        wait.start()


def _end_wait(context: dict[str, Any], exception: Exception | None = None, **_: Any) -> None:
    wait = context.pop(_WAIT, None)
    if wait:
        wait.stop(failed=exception is not None)
