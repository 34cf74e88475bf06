"""Whether the engine's containers and this process can work together: they see the same files, and one network.

Jobs get their data by bind mounts of the state folder. An engine on another machine mounts a folder of that machine
instead, an empty one, and so does the engine of the machine for a program that is in a container itself. Asked once at
the start: what does not work is refused with a sentence, before a job reads nothing."""

import io
import tarfile
from contextlib import suppress
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import Mount

from local_test.host.engine import NoEngine, bridge, is_on_this_kernel, is_virtual_machine
from local_test.host.identity import FILE
from local_test.host.labels import PROBE, labels

EMPTY_IMAGE = ("local-sagemaker-empty", "1")  # a container is made of it that never starts
INSIDE = "/state"
LOCAL_SOCKET = "http+docker://localhost"  # what docker-py calls it


def check_reach(client: DockerClient, service: str, folder: Path) -> None:
    """folder: of the state, with the service's identity in it. Raises NoEngine."""
    if not sees_folder(client, service, folder):
        raise NoEngine(not_seen(client, folder))
    if is_in_network_of_its_own(client):
        raise NoEngine(
            "This is a container with a network of its own: jobs and endpoints could not be reached from it. Start it "
            f"with the machine's: docker run --network host -v {folder}:{folder} ..."
        )


def sees_folder(client: DockerClient, service: str, folder: Path) -> bool:
    """Whether containers that mount a folder of this machine's see what is in it."""
    image = ":".join(EMPTY_IMAGE)
    try:
        client.images.get(image)
    except ImageNotFound:
        client.api.import_image_from_data(_empty_archive(), *EMPTY_IMAGE)
    mount = Mount(INSIDE, str(folder), type="bind", read_only=True)
    try:
        container = client.containers.create(
            image, ["none"], mounts=[mount], network_mode="none", labels=labels(PROBE, service, service)
        )
    except APIError as error:
        if error.status_code and error.status_code < 500:  # there is no such folder
            return False
        raise NoEngine(f"The Docker engine cannot make a container: {error.explanation or error}") from error
    try:
        blocks, _ = container.get_archive(f"{INSIDE}/{FILE}")
        with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as archive:
            found = archive.extractfile(FILE)
            return found is not None and found.read() == (folder / FILE).read_bytes()
    except NotFound:
        return False
    except APIError:
        return True  # an engine that cannot look into a container that has not started; nothing is known against it
    finally:
        with suppress(NotFound):
            container.remove(force=True)


def is_in_network_of_its_own(client: DockerClient) -> bool:
    """Whether the engine has a network on this kernel whose gateway is no address of this process's."""
    if not is_on_this_kernel(client.info()) or bridge(client) is not None:
        return False
    try:
        return bool(client.networks.get("bridge").attrs["IPAM"]["Config"])
    except NotFound:  # switched off in the engine's configuration
        return False


def not_seen(client: DockerClient, folder: Path) -> str:
    where = client.api.base_url
    if where != LOCAL_SOCKET:
        return (
            f"The Docker engine at {where} is on another machine: it cannot mount {folder}, from which jobs get their "
            "data. Run this on that machine, or name an engine of this one: unset DOCKER_HOST."
        )
    if is_virtual_machine(client):
        return (
            f"Docker Desktop does not share {folder}, from which jobs get their data. Add it in its settings "
            "(Resources, File sharing), or name another folder."
        )
    return (
        f"The Docker engine does not see {folder}, from which jobs get their data: this is a container, whose files "
        "are not the machine's. Mount the folder at the same path, and join the machine's network: docker run "
        f"--network host -v {folder}:{folder} -v /var/run/docker.sock:/var/run/docker.sock ..."
    )


def _empty_archive() -> bytes:
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    return archive.getvalue()
