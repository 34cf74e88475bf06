"""The ECR of the local SageMaker: moto holds the repositories, the registry holds the images.

`docker push` goes to the registry and past moto, so moto's list of images is made anew from the registry whenever it is
asked for, and the registry is told which repositories there are and which are IMMUTABLE: it refuses a push as ECR does.
Written against moto 5.2 (https://github.com/getmoto/moto/blob/5.2.5/moto/ecr/models.py).

What ECR does and this does not: end an authorization token after twelve hours, and exclude tags from their repository's
mutability (imageTagMutabilityExclusionFilters are refused). An image without a tag is listed while this process knows
it."""

import functools
import hashlib
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, Protocol

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ecr import urls
from moto.ecr.exceptions import ImageAlreadyExistsException, InvalidParameterException
from moto.ecr.models import ECRBackend, Image, Repository, RepoTagMutability, ecr_backends
from moto.ecr.responses import ECRResponse

from local_test.host.small_image import ImageNotBuilt
from local_test.registry.registry import RegistryError
from local_test.registry.registry_api import Manifest, RegistryApi, RegistryRefused
from local_test.registry.users import Users
from local_test.storage.moto_internals import check_moto

check_moto("ecr")

TOKEN_LIFE = timedelta(hours=12)  # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html


class LocalRegistry(Protocol):
    """What is needed of a registry."""

    @property
    def users(self) -> Users: ...

    @property
    def host(self) -> str:
        """'HOST:PORT'. It may be started when it is first asked for. Raises RegistryError, ImageNotBuilt."""

    def has(self, repository: str) -> bool:
        """Whether one may push to it, and has perhaps. Starts nothing."""

    def set_repositories(self, repositories: Mapping[str, bool]) -> None:
        """What may be pushed to, by name, and whether tags are immutable there. Starts nothing."""


class LocalEcr:
    def __init__(self, registry: LocalRegistry, account: str, region: str):
        """From now on moto's ECR of this account and region answers from the registry. The repositories it has are
        kept.

        The registry is asked for its host when a request needs it, not before.
        """
        backend = ecr_backends[account][region]
        backend.__class__ = _RegistryBackend
        assert isinstance(backend, _RegistryBackend)
        backend.registry, backend.lock = registry, threading.RLock()
        backend.tell_registry()
        answers = ECRResponse.get_authorization_token
        if not hasattr(answers, "__wrapped__"):
            ECRResponse.get_authorization_token = _local_token(answers)  # type: ignore[method-assign] # takes its place


class _RegistryImage(Image):
    """An image as the registry has it; it is pushed, for ECR, when it is first seen."""

    def __new__(cls, *args: Any, **kwargs: Any) -> "_RegistryImage":
        return object.__new__(cls)  # moto's own __new__ holds every instance until the process ends

    def __init__(self, account: str, api: RegistryApi, repository: str, digest: str):
        """Raises RegistryRefused when the registry does not have it."""
        manifest = api.manifest(repository, digest)
        super().__init__(account, "", manifest.text, repository, manifest.media_type, manifest.digest)
        self._size = image_size(manifest, lambda part: api.manifest(repository, part))

    def get_image_size_in_bytes(self) -> int:
        return self._size


class _RegistryBackend(ECRBackend):
    """Before moto reads images they are brought up to date; after it deleted some, the registry deletes them too."""

    registry: LocalRegistry
    lock: threading.RLock

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def create_repository(
        self,
        repository_name: str,
        registry_id: str | None,
        encryption_config: dict[str, str],
        image_scan_config: Any,
        image_tag_mutability: str,
        tags: list[dict[str, str]],
        image_tag_mutability_exclusion_filters: list[Any] | None = None,
    ) -> Repository:
        _refuse_exclusions(image_tag_mutability, image_tag_mutability_exclusion_filters)
        with self.lock:
            repository = super().create_repository(
                repository_name,
                registry_id,
                encryption_config,
                image_scan_config,
                image_tag_mutability,
                tags,
            )
            self.tell_registry()
            return self._addressed(repository)

    def put_image_tag_mutability(
        self,
        registry_id: str,
        repository_name: str,
        image_tag_mutability: str,
        image_tag_mutability_exclusion_filters: list[Any] | None = None,
    ) -> dict[str, str]:
        _refuse_exclusions(image_tag_mutability, image_tag_mutability_exclusion_filters)
        with self.lock:
            answer = super().put_image_tag_mutability(registry_id, repository_name, image_tag_mutability)
            self.tell_registry()
            return answer

    def describe_repositories(self, *args: Any, **kwargs: Any) -> list[Repository]:
        return [self._addressed(repository) for repository in super().describe_repositories(*args, **kwargs)]

    def delete_repository(
        self, repository_name: str, registry_id: str | None = None, force: bool = False
    ) -> Repository:
        with self.lock:
            self._up_to_date(repository_name)
            repository = self._addressed(super().delete_repository(repository_name, registry_id, force))
            self.tell_registry()
            for image in self._refreshed(repository):  # once more: a push may have been under way
                self._api.delete_manifest(repository_name, image.image_digest)
            return repository

    def list_images(self, repository_name: str, *args: Any, **kwargs: Any) -> list[Image]:
        with self.lock:
            self._up_to_date(repository_name)
            return super().list_images(repository_name, *args, **kwargs)

    def describe_images(self, repository_name: str, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            self._up_to_date(repository_name)
            return super().describe_images(repository_name, *args, **kwargs)

    def batch_get_image(self, repository_name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        with self.lock:
            self._up_to_date(repository_name)
            return super().batch_get_image(repository_name, *args, **kwargs)

    def put_image(
        self,
        repository_name: str,
        image_manifest: str,
        image_tag: str | None,
        image_manifest_mediatype: str | None = None,
        digest: str | None = None,
    ) -> Image:
        """Name layers that are in the repository already; the image that had the tag loses it, and stays."""
        with self.lock:
            repository = self._get_repository(repository_name)
            self._up_to_date(repository_name)
            digest = f"sha256:{hashlib.sha256(image_manifest.encode()).hexdigest()}"
            if any(
                image.image_digest == digest and image_tag in (None, *image.image_tags) for image in repository.images
            ):
                raise ImageAlreadyExistsException(repository_name, repository.registry_id, digest, image_tag or "null")
            if image_tag is not None:
                self._resolve_image_tag_mutability(repository, image_tag)  # raises where tags are immutable
            try:
                media_type = image_manifest_mediatype or json.loads(image_manifest)["mediaType"]
                # As the one who pushes: of two who want an immutable tag at a time, the registry refuses one.
                as_user = RegistryApi(_host(self.registry), self.registry.users.aws)
                as_user.put_manifest(repository_name, image_tag or digest, media_type, image_manifest)
            except (RegistryRefused, ValueError, KeyError) as error:
                raise InvalidParameterException(f"This image manifest was not taken: {error}") from error
            if image_tag is None:
                repository.images.append(_RegistryImage(self.account_id, self._api, repository_name, digest))
            self._up_to_date(repository_name)
            return repository._get_image(image_tag, digest)

    def batch_delete_image(self, repository_name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        with self.lock:
            before = {image.image_digest: list(image.image_tags) for image in self._up_to_date(repository_name)}
            response = super().batch_delete_image(repository_name, *args, **kwargs)
            after = {image.image_digest: image.image_tags for image in self.repositories[repository_name].images}
            for digest in before.keys() - after.keys():
                self._api.delete_manifest(repository_name, digest)
            for digest in after:
                for tag in set(before[digest]) - set(after[digest]):
                    self._api.delete_tag(repository_name, tag)
            return response

    @property
    def _api(self) -> RegistryApi:
        return RegistryApi(_host(self.registry), self.registry.users.service)

    def tell_registry(self) -> None:
        """Which repositories there are. A mutability that we refuse today, from an older state folder, counts as
        immutable.
        """
        self.registry.set_repositories(
            {
                name: repository.image_tag_mutability != RepoTagMutability.MUTABLE
                for name, repository in self.repositories.items()
            }
        )

    def _addressed(self, repository: Repository) -> Repository:
        repository.uri = f"{_host(self.registry)}/{repository.name}"
        return repository

    def _up_to_date(self, name: str) -> list[Image]:
        """The images of a repository, in the order in which they were first seen; [] when moto has no such
        repository.
        """
        repository = self.repositories.get(name)
        return [] if repository is None else self._refreshed(repository)

    def _refreshed(self, repository: Repository) -> list[Image]:
        api, name = self._api, repository.name
        tags: dict[str, list[str]] = {}
        for tag in api.tags(name):
            if digest := api.digest(name, tag):
                tags.setdefault(digest, []).append(tag)
        known = {image.image_digest: image for image in repository.images}
        untagged = [digest for digest in known if digest not in tags and api.digest(name, digest)]
        repository.images = []
        order = [
            *untagged,
            *(digest for digest in known if digest in tags),
            *(digest for digest in tags if digest not in known),
        ]
        for digest in order:
            image = known.get(digest) or _RegistryImage(self.account_id, api, name, digest)
            image.image_tags = tags.get(digest, [])
            image.image_tag = image.image_tags[-1] if image.image_tags else None  # type: ignore[assignment] # so has moto
            repository.images.append(image)
        return repository.images


def image_size(manifest: Manifest, of_digest: Callable[[str], Manifest]) -> int:
    """Bytes of an image's layers, compressed as they are pulled; of the largest of the images that an index names.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html
    """
    read = json.loads(manifest.text)
    if "manifests" in read:
        return max((image_size(of_digest(part["digest"]), of_digest) for part in read["manifests"]), default=0)
    return sum(layer["size"] for layer in read["layers"])


def _host(registry: LocalRegistry) -> str:
    """Raises ServerException, ECR's own, with the reason where there is no registry."""
    try:
        return registry.host
    except (RegistryError, ImageNotBuilt) as error:
        raise ServiceException("ServerException", f"The local ECR has no registry: {error}") from error


def _refuse_exclusions(mutability: str | None, filters: list[Any] | None) -> None:
    """Raises InvalidParameterException for tags that are excluded from their repository's mutability."""
    if filters or mutability in (RepoTagMutability.IMMUTABLE_WITH_EXCLUSION, RepoTagMutability.MUTABLE_WITH_EXCLUSION):
        raise InvalidParameterException(
            "The local ECR does not support imageTagMutabilityExclusionFilters, nor with them an imageTagMutability "
            f"of {mutability}. "
            "Use IMMUTABLE or MUTABLE."
        )


def _local_token(get_authorization_token: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(get_authorization_token)
    def local_token(response: ECRResponse) -> ActionResult:
        backend = response.ecr_backend
        if not isinstance(backend, _RegistryBackend):
            return get_authorization_token(response)
        user = backend.registry.users.aws
        token = {
            "authorizationToken": b64encode(f"{user.user}:{user.password}".encode()).decode(),
            "expiresAt": datetime.now(UTC) + TOKEN_LIFE,
            "proxyEndpoint": f"http://{_host(backend.registry)}",
        }
        return ActionResult({"authorizationData": [token]})

    return local_token
