"""Where the service of a folder listens, for the other programs on this machine: one JSON file in that folder."""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "service.json"
CONTROL = "/local-sagemaker"
# The service is on loopback: a proxy that the environment names has no part in it.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Address:
    """url: of every AWS service. name: in the labels of its containers. pid: of its process, 0 once it has ended.

    bucket, role: what requests may use without making them. registry_port: None before the registry was first needed.
    """

    url: str
    name: str
    pid: int
    region: str
    bucket: str
    role: str
    registry_port: int | None = None

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def write(self, folder: Path) -> None:
        unfinished = folder / f".{FILE}.unfinished"
        unfinished.write_text(json.dumps(asdict(self), indent=2))
        os.replace(unfinished, folder / FILE)


def service_name(folder: Path) -> str:
    """Names a service by its folder, so that a restarted one finds what an earlier one left."""
    return f"local-sagemaker-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}"


def read(folder: Path) -> Address | None:
    """The address that the service of this folder has, or had last; None before its first start."""
    try:
        return Address(**json.loads((folder / FILE).read_text()))
    except FileNotFoundError:
        return None


def running(folder: Path) -> Address | None:
    """The address of this folder's service if it answers, under its own name."""
    address = read(folder)
    try:
        return address if address and (control(address, "status") or {}).get("name") == address.name else None
    except ValueError:  # another program refused
        return None


def control(address: Address, path: str, method: str = "GET") -> dict | None:
    """Ask the service itself, outside the AWS API. Raises ValueError with its refusal.

    None when it does not answer there: nobody does, or another program that has got its port since.
    """
    request = urllib.request.Request(f"{address.url}{CONTROL}/{path}", method=method)
    try:
        with DIRECT.open(request, timeout=10) as response:
            return _answer(response.read())
    except urllib.error.HTTPError as error:
        refusal = _answer(error.read())
        if refusal and "message" in refusal:
            raise ValueError(refusal["message"]) from error
        return None
    except (OSError, http.client.HTTPException):
        return None


def _answer(body: bytes) -> dict | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
