"""What the local SageMaker asks of a registry over its HTTP API:
https://distribution.github.io/distribution/spec/api/
"""

import hashlib
import http.client
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from local_test.registry.users import Credentials

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
MANIFESTS = (
    DOCKER_MANIFEST,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
CONFIG = "application/vnd.docker.container.image.v1+json"


class RegistryRefused(RuntimeError):
    """The registry answered a request with an error; the message has its status and words."""


@dataclass(frozen=True)
class Manifest:
    """digest: 'sha256:...', what an image is pulled by. text: as the registry has it, byte for byte."""

    digest: str
    media_type: str
    text: str


class RegistryApi:
    """Of the registry at host, '127.0.0.1:PORT', as one of its users; the service's own is under none of ECR's rules.

    Raises OSError where none answers, RegistryRefused where it refuses.
    """

    def __init__(self, host: str, credentials: Credentials):
        self._host, self._credentials = host, credentials

    def ping(self) -> None:
        """Whether it answers, and takes the user."""
        self._call("GET", "/v2/")

    def tags(self, repository: str) -> list[str]:
        """Sorted; none when nothing was ever pushed there."""
        status, _, body = self._call("GET", f"/v2/{quote(repository)}/tags/list", missing=True)
        return sorted(json.loads(body)["tags"] or []) if status == 200 else []

    def digest(self, repository: str, reference: str) -> str | None:
        """Of the manifest that a tag or a digest names; None when there is none."""
        accepted = {"Accept": ", ".join(MANIFESTS)}
        status, headers, _ = self._call("HEAD", _manifest(repository, reference), headers=accepted, missing=True)
        return headers["Docker-Content-Digest"] if status == 200 else None

    def manifest(self, repository: str, digest: str) -> Manifest:
        _, headers, body = self._call("GET", _manifest(repository, digest), headers={"Accept": ", ".join(MANIFESTS)})
        return Manifest(headers["Docker-Content-Digest"], headers["Content-Type"], body.decode())

    def put_manifest(self, repository: str, reference: str, media_type: str, text: str) -> str:
        """Name a manifest by a tag; its layers must be in the repository. Returns its digest."""
        _, headers, _ = self._call("PUT", _manifest(repository, reference), text.encode(), {"Content-Type": media_type})
        return headers["Docker-Content-Digest"]

    def put_blob(self, repository: str, content: bytes) -> str:
        """A layer or a configuration. Returns its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        _, headers, _ = self._call("POST", f"/v2/{quote(repository)}/blobs/uploads/", b"")
        upload = urlsplit(headers["Location"])
        octets = {"Content-Type": "application/octet-stream"}
        self._call("PUT", f"{upload.path}?{upload.query}&digest={quote(digest)}", content, octets)
        return digest

    def delete_manifest(self, repository: str, digest: str) -> None:
        """With every tag that names it. What its layers take on the disk is freed when the registry starts again."""
        self._call("DELETE", _manifest(repository, digest), missing=True)

    def delete_tag(self, repository: str, tag: str) -> None:
        """The tag alone. The registry cannot do that to a manifest with other tags: the tag is moved to one of no use
        first.
        """
        config = b"{}"
        digest = self.put_blob(repository, config)
        of_no_use = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "layers": [],
            "of-no-use": secrets.token_hex(16),
            "config": {"mediaType": CONFIG, "size": len(config), "digest": digest},
        }
        self.delete_manifest(repository, self.put_manifest(repository, tag, DOCKER_MANIFEST, json.dumps(of_no_use)))

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        missing: bool = False,
    ) -> Any:
        """Status, headers and body. missing: 404 is an answer."""
        connection = http.client.HTTPConnection(self._host, timeout=60)
        try:
            connection.request(
                method, path, body, {"Authorization": self._credentials.authorization, **(headers or {})}
            )
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 300 and not (missing and answer.status == 404):
            said = content[:300].decode(errors="replace")
            raise RegistryRefused(f"The registry answers {method} {path} with {answer.status}: {said}")
        return answer.status, answer.headers, content


def _manifest(repository: str, reference: str) -> str:
    return f"/v2/{quote(repository)}/manifests/{quote(reference)}"
