"""What every container of a job or an endpoint is kept from, as its program sees it."""

import json

import pytest

from local_test.background import stop
from local_test.host.confinement import CAPABILITIES, CONFINEMENT, PROCESSES
from local_test.host.engine import connect
from local_test.host.labels import NAME, TRAINING, find, labels
from tests.local_service import Local, until

# https://github.com/torvalds/linux/blob/master/include/uapi/linux/capability.h
NUMBERS = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "FSETID": 4,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "NET_BIND_SERVICE": 10,
    "SYS_CHROOT": 18,
    "AUDIT_WRITE": 29,
}
TOLD = "grep -E 'NoNewPrivs|CapBnd|CapEff' /proc/self/status; echo core $(ulimit -c); env | grep -i proxy"
PASSWORD = "http://me:secret@proxy.example.com:3128"


def statuses(printed: str) -> dict[str, str]:
    return {
        words[0].rstrip(":"): words[1] for words in (line.split() for line in printed.splitlines()) if len(words) == 2
    }


def expected(effective: bool = True) -> dict[str, str]:
    declared = f"{sum(1 << NUMBERS[name] for name in CAPABILITIES):016x}"
    return {"NoNewPrivs": "1", "CapBnd": declared, "CapEff": declared if effective else "0" * 16, "core": "0"}


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A local SageMaker whose user has a proxy with a password in docker's configuration."""
    folder = tmp_path_factory.mktemp("docker-config")
    (folder / "config.json").write_text(
        json.dumps({"proxies": {"default": {"httpProxy": PASSWORD, "httpsProxy": PASSWORD}}})
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_CONFIG", str(folder))
        yield connect()


@pytest.fixture
def local_of_proxied(proxied, tmp_path):
    local = Local(tmp_path / "state")
    yield local, proxied
    stop(local.folder)
    assert find(proxied, service=local.address.name) == []


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_a_program_has_the_declared_capabilities_no_new_privileges_and_no_proxy_by_itself(proxied, train_image, user):
    printed = proxied.containers.run(
        train_image,
        ["-c", TOLD + " || true"],
        entrypoint="sh",
        user=user,
        remove=True,
        labels=labels("tests", "confined"),
        **CONFINEMENT,
    ).decode()
    assert statuses(printed) == expected(effective=user == "root") and "secret" not in printed


def test_without_the_declaration_the_proxys_password_is_handed_over(proxied, train_image):
    printed = proxied.containers.run(
        train_image, ["-c", TOLD], entrypoint="sh", remove=True, labels=labels("tests", "open")
    ).decode()
    assert PASSWORD in printed and statuses(printed)["NoNewPrivs"] == "0"


def test_a_fork_bomb_ends_at_the_limit(engine, train_image):
    bomb = (
        "import os, time\ncount = 0\nwhile True:\n  try:\n    child = os.fork()\n  except OSError:\n    break\n"
        "  if not child:\n    time.sleep(60)\n    os._exit(0)\n  count += 1\nprint(count)"
    )
    printed = engine.containers.run(
        train_image,
        ["-c", bomb],
        entrypoint="python",
        remove=True,
        labels=labels("tests", "bomb"),
        **{**CONFINEMENT, "pids_limit": 100},
    ).decode()
    assert 0 < int(printed) < 100


def test_jobs_are_confined_and_those_without_a_network_are_told_of_no_proxy(local_of_proxied, train_image):
    local, engine = local_of_proxied
    for instances, isolated in ((1, False), (1, True), (2, False), (2, True)):
        name = f"confined-{instances}-{isolated}".lower()
        local.client("sagemaker").create_training_job(
            TrainingJobName=name,
            RoleArn=local.address.role,
            OutputDataConfig={"S3OutputPath": local.uri("jobs")},
            EnableNetworkIsolation=isolated,
            AlgorithmSpecification={
                "TrainingImage": train_image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": [
                    "sh",
                    "-c",
                    f"{TOLD}; trap 'exit 0' TERM; echo told; while :; do sleep 0.1 & wait $!; done",
                ],
            },
            ResourceConfig={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": instances, "VolumeSizeInGB": 10},
            StoppingCondition={"MaxRuntimeInSeconds": 600},
        )
        until(lambda: local.log("/aws/sagemaker/TrainingJobs", f"{name}/").splitlines().count("told") == instances)
        printed = local.log("/aws/sagemaker/TrainingJobs", f"{name}/")
        told = statuses("\n".join(line for line in printed.splitlines() if "proxy" not in line.lower()))
        assert told == expected() and (PASSWORD in printed) == (not isolated)
        containers = [one for one in find(engine, TRAINING, local.address.name) if one.labels[NAME] == name]
        assert [one.attrs["HostConfig"]["PidsLimit"] for one in containers] == [PROCESSES] * instances
