"""The layers of the last push, kept between runs of the tests: an engine takes minutes to pack 6 GB of libraries.

`docker push` sends no layer that a registry has. A new registry is given those of the last run, without their names:
each image is still pushed, and everything that is new in it goes over. What is kept takes no room while the registry
has it too: the files are linked.
"""

from pathlib import Path

from docker import DockerClient

from local_test.host.labels import REGISTRY, labels
from local_test.host.small_image import small_image
from local_test.registry import registry

KEPT = "local-sagemaker-tests-kept-layers"  # a volume, and the service that it is listed and removed under
FOLDER = Path(registry.__file__).parent
ALONE = 'exec 9>"$kept/lock"; flock 9'  # the runs of other clones
TAKE = f"""
{ALONE}
if [ -d "$kept/docker" ]; then cp -al "$kept/docker" "$registry/"; fi
"""
# A manifest keeps its layers when the registry frees what nothing needs. Tags go: the next run must push its own.
KEEP = f"""
[ -d "$registry/docker" ] || exit 0  # it was never started
{ALONE}
rm -rf "$kept/new"; mkdir "$kept/new"; cp -al "$registry/docker" "$kept/new/"
REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="$kept/new" \
    docker-registry garbage-collect --delete-untagged /etc/local-sagemaker-registry/config.yml >/dev/null
find "$kept/new" -type d -path '*/_manifests/tags' -prune -exec rm -r {{}} +
rm -rf "$kept/docker"; mv "$kept/new/docker" "$kept/docker"
"""


def take_kept_layers(client: DockerClient, service: str) -> None:
    """Before the first start of a service's registry."""
    client.volumes.create(registry.volume_name(service), labels=labels(REGISTRY, service, service))
    _run(client, service, TAKE)


def keep_layers(client: DockerClient, service: str) -> None:
    """In the place of those that were kept before. The registry has stopped."""
    _run(client, service, KEEP)


def remove_images(client: DockerClient, service: str, port: int | None) -> None:
    """The registry's volume, and the names that pushing gave the engine's images. port: of the registry, or None."""
    client.volumes.get(registry.volume_name(service)).remove(force=True)
    for image in client.images.list(filters={"reference": f"127.0.0.1:{port}/*"}) if port else ():
        for name in image.tags:
            if name.startswith(f"127.0.0.1:{port}/"):
                client.images.remove(name)


def _run(client: DockerClient, service: str, script: str) -> None:
    kept = client.volumes.create(KEPT, labels=labels("tests", KEPT, KEPT))
    # Links cannot lead from one mount to another: both volumes are seen in the folder of all.
    folder = Path(kept.attrs["Mountpoint"]).parents[1]
    client.containers.run(
        small_image(client, "local-sagemaker-registry", FOLDER, registry.INGREDIENTS),
        ["-euc", script],
        entrypoint=["sh"],
        environment={
            "kept": f"/volumes/{KEPT}/_data",
            "registry": f"/volumes/{registry.volume_name(service)}/_data",
        },
        volumes={str(folder): {"bind": "/volumes", "mode": "rw"}},
        network_mode="none",
        labels=labels("tests", "kept-layers", KEPT),
        remove=True,
    )
