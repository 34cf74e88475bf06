"""What is kept of a service's interception in its state folder: a shell that has evaluated `env --intercept` goes on to
reach it after a restart."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from contract.atomic_write import write_atomically
from local_test.interception.upstream import Upstream

FILE = "interception.json"
AUTHORITY_FILE = "interception_ca.pem"  # key and certificate of the certificate authority
USER = "local-sagemaker"


@dataclass(frozen=True)
class Settings:
    """port: of the proxy on loopback, 0 before it first listened. password: of USER. upstream: of the last shell."""

    port: int
    password: str = field(repr=False)
    upstream: Upstream = field(repr=False)

    @property
    def url(self) -> str:
        """For HTTPS_PROXY."""
        return f"http://{USER}:{self.password}@127.0.0.1:{self.port}"

    def write(self, folder: Path) -> None:
        """For its user alone: the upstream's URL may hold a password, too."""
        write_atomically(folder / FILE, json.dumps(asdict(self), indent=2), mode=0o600)


def new_settings(upstream: Upstream) -> Settings:
    return Settings(0, secrets.token_urlsafe(24), upstream)


def read_settings(folder: Path) -> Settings | None:
    """None where nobody has asked for an interception yet."""
    try:
        found = json.loads((folder / FILE).read_text())
    except FileNotFoundError:
        return None
    return Settings(found["port"], found["password"], Upstream(**found["upstream"]))
