"""`doctor`: disk, memory, cores, GPUs, port, proxies, certificates, firewall and programs, each state a finding with a
next step.
"""

import ast
import socket
import subprocess
import sys
import time
from pathlib import Path

import certifi
import pytest

from local_test.doctor.capacity import (
    Load,
    Volume,
    load_findings,
    look_at_load,
    look_at_volumes,
    memory_findings,
    volume_findings,
)
from local_test.doctor.engine_facts import EngineFacts
from local_test.doctor.firewall import FirewallFacts, firewall_findings, lets_containers_in, look_at_firewall
from local_test.doctor.gpu import Gpu, GpuFacts, cuda_of, gpu_findings
from local_test.doctor.network import (
    PortFacts,
    certificate_findings,
    container_proxy_findings,
    look_at_port,
    port_findings,
    proxies_of,
    proxy_findings,
)
from local_test.doctor.programs import (
    PACKAGES,
    CommandLineFacts,
    PythonFacts,
    command_line_findings,
    look_at_command_line,
    look_at_python,
    python_findings,
)
from local_test.host import certificate_bundles
from tests.local_test.doctor.test_engine_and_images import engine, levels

ROOT = Path(__file__).parents[3]
NONE = EngineFacts(why_none="None answers. Start it.")


@pytest.mark.parametrize(
    ("gigabytes", "holds", "will_build", "level"),
    [
        (100, "images", True, "ok"),
        (20, "images", False, "ok"),
        (20, "images", True, "warning"),
        (20, "jobs", True, "ok"),
        (4, "images", False, "problem"),
        (4, "jobs", False, "problem"),
    ],
)
def test_a_disk_is_judged_by_what_is_still_to_come(gigabytes, holds, will_build, level):
    found = volume_findings([Volume(holds, "/some", int(gigabytes * 1e9))], will_build)
    assert levels(found) == [(level, "disk")] and "/some" in found[0].says


def test_a_folder_that_is_not_there_yet_is_on_its_parents_disk(tmp_path):
    [volume] = look_at_volumes(tmp_path / "not/yet", EngineFacts())
    assert volume.path == str(tmp_path) and volume.free > 0
    both = look_at_volumes(tmp_path / "not/yet", engine(info={"DockerRootDir": str(tmp_path)}))
    assert [one.holds for one in both] == ["images, jobs, models and S3 objects"]


@pytest.mark.parametrize(("gigabytes", "level"), [(2, "problem"), (4, "warning"), (16, "ok")])
def test_memory_is_the_engines(gigabytes, level):
    assert levels(memory_findings(engine(info={"MemTotal": int(gigabytes * 1e9)}))) == [(level, "memory")]
    assert memory_findings(NONE) == []


def test_busy_neighbours_are_named():
    assert levels(load_findings(Load(8, 0.5))) == [("ok", "processor")]
    [found] = load_findings(Load(8, 2.5, (("ffmpeg", 2.1), ("python", 0.4))))
    assert levels([found]) == [("warning", "processor")] and "ffmpeg 2.1" in found.says and "2.5 of 8" in found.says
    assert levels(load_findings(Load(1, 0.0))) == [("warning", "processor")]


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="read from /proc")
def test_a_program_that_computes_is_seen():
    program = "import time; end = time.time() + 60\nwhile time.time() < end: pass"
    with subprocess.Popen([sys.executable, "-c", program], start_new_session=True) as busy:
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                load = look_at_load(0.5)
                if load.by and load.busy > 0.1:
                    break
            assert load.busy > 0.1 and load.cores >= 1 and load.by, load
        finally:
            busy.kill()


GPU = Gpu("Tesla T4", "535.183.01", "15360 MiB")


@pytest.mark.parametrize(
    ("facts", "runtimes", "expected"),
    [
        (GpuFacts([], "", 0, "12.8.90"), {}, ["ok"]),
        (GpuFacts([], "", 1, "12.8.90"), {}, ["warning"]),
        (GpuFacts([], "NVIDIA-SMI has failed", 1, "12.8.90"), {}, ["warning"]),
        (GpuFacts([GPU], "", 1, "12.8.90"), {"nvidia": {}}, ["ok"]),
        (GpuFacts([GPU], "", 1, "12.8.90"), {}, ["ok", "warning"]),
        (GpuFacts([GPU], "", 1, "13.0.48"), {"nvidia": {}}, ["warning"]),
        (GpuFacts([Gpu("Tesla T4", "470.82", "1 MiB")], "", 1, "12.8.90"), {"nvidia": {}}, ["warning"]),
        (GpuFacts([GPU], "", 1, ""), {"nvidia": {}}, ["ok"]),
    ],
)
def test_a_gpu_is_used_where_driver_and_engine_allow_it(facts, runtimes, expected):
    found = gpu_findings(facts, engine(info={"Runtimes": runtimes}))
    assert levels(found) == [(level, "GPU") for level in expected]


def test_cdi_devices_are_gpus_too_and_no_engine_is_not_said_twice():
    cdi = engine(info={"Runtimes": {}, "DiscoveredDevices": [{"ID": "nvidia.com/gpu=0"}]})
    facts = GpuFacts([GPU, GPU], "", 2, "12.8.90")
    assert levels(gpu_findings(facts, cdi)) == levels(gpu_findings(facts, NONE)) == [("ok", "GPU")]
    assert "2 x Tesla T4" in gpu_findings(facts, cdi)[0].says


def test_the_images_cuda_is_the_lock_files():
    assert cuda_of((ROOT / "docker/requirements/base.txt").read_text()).split(".")[0] in ("12", "13")
    assert cuda_of("nvidia-cuda-runtime==13.0.48 \\\n") == "13.0.48" and cuda_of("torch==2.10.0+cpu \\\n") == ""


def test_the_port_that_another_program_took_is_told(tmp_path):
    for facts, level in (
        (PortFacts(True), "ok"),
        (PortFacts(True, "http://127.0.0.1:4566", 4566), "ok"),
        (PortFacts(True, earlier=4566), "ok"),
        (PortFacts(True, earlier=4566, is_taken=True), "warning"),
        (PortFacts(False), "problem"),
    ):
        assert levels(port_findings(facts)) == [(level, "port")]
    assert look_at_port(tmp_path / "none") == PortFacts(True)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (tmp_path / "service.json").write_text(
            f'{{"url": "http://127.0.0.1:{port}", "name": "n", "pid": 0, "region": "r", "bucket": "b", "role": "x"}}'
        )
        assert look_at_port(tmp_path) == PortFacts(True, earlier=port, is_taken=True)
    assert look_at_port(tmp_path) == PortFacts(True, earlier=port)


def test_proxies_are_told_without_their_passwords():
    environment = {
        "https_proxy": "http://me:secret@proxy:3128",
        "HTTPS_PROXY": "http://other",
        "HTTP_PROXY": "proxy:80",
    }
    assert proxies_of(environment) == {"HTTP_PROXY": "http://proxy:80", "HTTPS_PROXY": "http://proxy:3128"}


@pytest.mark.parametrize(
    ("past", "expected"), [("", "warning"), ("example.com", "warning"), ("a,127.0.0.1", "ok"), ("*", "ok")]
)
def test_a_proxy_has_no_part_in_loopback(past, expected):
    environment = {"HTTP_PROXY": "http://proxy:80", "NO_PROXY": past}
    found = proxy_findings(environment, engine(info={"HttpProxy": "http://proxy:80"}))
    assert levels(found) == [(expected, "proxies")]
    assert expected == "ok" or found[0].next_step.endswith("127.0.0.1")
    assert levels(proxy_findings(environment, engine()))[1:] == [("warning", "proxies")]
    assert levels(proxy_findings({}, engine())) == [("ok", "proxies")]


def test_a_bundle_of_certificates_is_said_to_be_containers_too_or_why_it_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(certificate_bundles, "ADDED", {tmp_path / "added": "*"})
    assert certificate_findings({"HOME": "/root"}) == []
    [found] = certificate_findings({"PIP_CERT": certifi.where()})
    assert (found.level, found.subject) == ("ok", "certificates") and certifi.where() in found.says
    [found] = certificate_findings({"SSL_CERT_FILE": str(tmp_path / "missing.pem")})
    assert found.level == "warning" and "missing.pem, which cannot be read" in found.says


UFW_ALLOWS = "### RULES ###\n-A ufw-user-input -s 172.16.0.0/12 -j ACCEPT\n"
INPUT_DROP = "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n"


@pytest.mark.parametrize(
    ("facts", "level", "step"),
    [
        (FirewallFacts("", "", None), "ok", ""),
        (FirewallFacts("", "ACCEPT", "-P INPUT ACCEPT"), "ok", ""),
        (FirewallFacts("ACCEPT", "", None), "ok", ""),
        (FirewallFacts("DROP", "", None), "warning", "sudo ufw allow from 172.16.0.0/12 to 172.17.0.1"),
        (FirewallFacts("REJECT", "DROP", INPUT_DROP), "warning", "sudo ufw allow"),
        (FirewallFacts("DROP", "DROP", INPUT_DROP + UFW_ALLOWS), "ok", ""),
        (FirewallFacts("", "DROP", INPUT_DROP), "warning", "sudo iptables -I INPUT"),
        (FirewallFacts("", "DROP", INPUT_DROP + "-A INPUT -i docker0 -j ACCEPT"), "ok", ""),
    ],
)
def test_a_firewall_that_closes_containers_way_is_told_with_the_rule_that_opens_it(facts, level, step):
    found = firewall_findings(facts, engine(subnet="172.17.0.0/16"))
    assert levels(found) == [(level, "firewall")] and found[0].next_step.startswith(step)
    assert firewall_findings(facts, engine(gateway="")) == []


def test_only_rules_that_let_containers_in_count():
    for rule in ("-A INPUT -s 10.0.0.0/8 -j ACCEPT", "-A FORWARD -i docker0 -j ACCEPT", "-A INPUT -i docker0 -j DROP"):
        assert not lets_containers_in(rule, "172.17.0.0/16")
    assert not lets_containers_in("-A INPUT -s fe80::/10 -j ACCEPT\n-A INPUT -s host -j ACCEPT", "172.17.0.0/16")


def test_ufws_files_tell_its_policy(tmp_path):
    (tmp_path / "ufw").mkdir()
    (tmp_path / "default").mkdir()
    assert look_at_firewall(tmp_path).ufw == ""
    (tmp_path / "ufw/ufw.conf").write_text("# comment\nENABLED=yes\n")
    (tmp_path / "default/ufw").write_text('IPV6=yes\nDEFAULT_INPUT_POLICY="REJECT"\n')
    assert look_at_firewall(tmp_path).ufw == "REJECT"
    (tmp_path / "ufw/user.rules").write_text(UFW_ALLOWS)
    assert UFW_ALLOWS in (look_at_firewall(tmp_path).rules or "")
    (tmp_path / "ufw/ufw.conf").write_text("ENABLED=no\n")
    assert look_at_firewall(tmp_path).ufw == ""


@pytest.mark.parametrize(
    ("aws", "said", "level"),
    [
        ("", "", "ok"),
        ("/usr/bin/aws", "aws-cli/2.15.0 Python/3.11", "ok"),
        ("/usr/bin/aws", "aws-cli/2.9.19 Python/3.11.2 Linux/6.1 source/x86_64.debian.12 prompt/off", "warning"),
        ("/usr/bin/aws", "", "warning"),
    ],
)
def test_a_command_line_that_goes_past_the_address_is_told(aws, said, level):
    found = command_line_findings(CommandLineFacts(aws, said))
    assert levels(found) == [(level, "AWS CLI")]
    assert "2.9" not in said or "--endpoint-url" in found[0].next_step


def test_missing_packages_are_a_problem_with_the_way_to_get_them():
    for is_checkout, step in ((True, "make .venv/ready"), (False, "pipx install")):
        [found] = python_findings(PythonFacts("3.11", ["moto"]), is_checkout)
        assert levels([found]) == [("problem", "Python")] and step in found.next_step


def test_what_is_here_is_seen_and_a_command_line_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    assert levels(python_findings(look_at_python(), True)) == [("ok", "Python")]
    (tmp_path / "aws").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    started = time.monotonic()
    assert levels(command_line_findings(look_at_command_line())) == [("warning", "AWS CLI")]
    assert time.monotonic() - started < 20


def test_the_packages_it_looks_for_are_those_that_are_imported():
    imported = set()
    for file in (ROOT / "local_test").rglob("*.py"):
        if "demo" in file.parts:  # runs the scripts, with packages of its own
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    assert imported - set(sys.stdlib_module_names) - {"contract", "local_test"} == set(PACKAGES)


def test_without_any_package_it_still_tells_all_that_it_can(tmp_path):
    """As on a new machine without a network: Python alone."""
    command = [sys.executable, "-S", "-m", "local_test.doctor", "--folder", str(tmp_path / "state")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr == "", done
    for line in ("problem  engine", "problem  Python", "disk", "processor", "GPU", "proxies"):
        assert line in done.stdout
    assert not (tmp_path / "state").exists()


def test_an_authority_of_the_systems_store_is_said_to_be_containers_too(tmp_path, monkeypatch):
    monkeypatch.setattr(certificate_bundles, "ADDED", {tmp_path: "*"})
    (tmp_path / "company.crt").touch()
    [found] = certificate_findings({})
    assert found.level == "ok" and str(tmp_path / "company.crt") in found.says


def test_the_proxies_that_containers_get_are_named_and_those_on_loopback_with_what_to_do(tmp_path):
    none = {"DOCKER_CONFIG": str(tmp_path)}
    assert container_proxy_findings(none) == []
    [given, lost] = container_proxy_findings(
        none | {"HTTPS_PROXY": "http://proxy.example.com:3128", "http_proxy": "http://127.0.0.1:3128"}
    )
    assert given.level == "ok" and "get HTTPS_PROXY." in given.says
    assert lost.level == "warning" and lost.says.startswith("HTTP_PROXY is a proxy on this machine's loopback")
