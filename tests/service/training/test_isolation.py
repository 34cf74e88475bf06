"""EnableNetworkIsolation of training jobs: their hosts reach each other, and nothing else."""

from ipaddress import ip_address, ip_network

import pytest

from tests.host_listener import PROBE, HostListener

MEET = """
import socket, time
if socket.gethostname() == "algo-1":
    with socket.create_server(("", 5555)) as server:
        connection, caller = server.accept()
        print("met", connection.recv(100).decode(), flush=True)
else:
    while True:
        try:
            caller = socket.create_connection(("algo-1", 5555), timeout=2)
            break
        except OSError:
            time.sleep(0.1)
    caller.sendall(socket.gethostname().encode())
"""


def script(listener: HostListener, meet: bool) -> str:
    probe = (
        f"set -e\ncat > /tmp/probe.py <<'END'\n{PROBE.read_text()}\nEND\n"
        f"python /tmp/probe.py {' '.join(listener.probe_arguments())}\n"
    )
    return probe + (f"cat > /tmp/meet.py <<'END'\n{MEET}\nEND\npython /tmp/meet.py\n" if meet else "")


@pytest.mark.parametrize("instances", [1, 2])
def test_an_isolated_job_reaches_nothing_on_the_host(jobs, instances):
    with HostListener() as listener:
        job = jobs.run(script(listener, meet=instances > 1), instances=instances, EnableNetworkIsolation=True)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert listener.heard() == []
    printed = jobs.log(job["TrainingJobName"])
    assert printed.count("tried ") == instances
    assert ("met algo-2" in printed) == (instances > 1)


def test_the_hosts_of_an_ordinary_job_reach_the_listener(jobs):
    with HostListener() as listener:
        assert jobs.run(script(listener, meet=True), instances=2)["TrainingJobStatus"] == "Completed"
        assert {one.split()[0] for one in listener.heard()} == {"tcp", "udp"}


def test_no_interface_of_the_host_has_an_address_in_an_isolated_jobs_network(jobs, engine):
    name = jobs.start(
        "trap 'exit 0' TERM; echo started; while :; do sleep 0.1 & wait $!; done",
        instances=2,
        EnableNetworkIsolation=True,
    )
    jobs.until_printed(name, "started")
    [network] = jobs.networks(engine, name)
    network.reload()
    subnet = ip_network(network.attrs["IPAM"]["Config"][0]["Subnet"])
    with HostListener() as listener:
        assert not any(ip_address(address) in subnet for address in listener.probe_arguments()[1:])
    assert network.attrs["Internal"] and not network.attrs["EnableIPv6"]
    jobs.api.stop_training_job(TrainingJobName=name)
    assert jobs.ended(name)["TrainingJobStatus"] == "Stopped"
