"""A client of the service's own API, for its commands."""

from typing import Any

import botocore.session
from botocore.config import Config

from local_test.host.identity import AccessKey
from local_test.service_address import Address

# What the shell's environment and files say about proxies and endpoints is about other services.
DIRECT = Config(proxies={}, retries={"max_attempts": 0})


def aws_client(name: str, address: Address, key: AccessKey) -> Any:
    """name: as botocore knows the AWS service, such as `ecr`. key: what the service obeys."""
    return botocore.session.Session().create_client(
        name,
        region_name=address.region,
        endpoint_url=address.url,
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        config=DIRECT,
    )
