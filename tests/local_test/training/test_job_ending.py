"""Why the hosts of a job are stopped: which reason counts, and when it is too late for one."""

import pytest

from local_test.training.job_ending import INTERRUPTED, KILLED, JobEnding


class Hosts:
    def __init__(self):
        self.terminated = self.removed = 0

    def terminate(self):
        self.terminated += 1

    def remove(self):
        self.removed += 1


@pytest.fixture
def hosts():
    return Hosts()


@pytest.fixture
def ending(hosts):
    return JobEnding(hosts)


@pytest.mark.parametrize(
    ("reasons", "counts", "terminated"),
    [
        (["Stopped"], "Stopped", 1),
        (["MaxRuntimeExceeded", "Stopped"], "MaxRuntimeExceeded", 1),
        (["Stopped", INTERRUPTED], "Stopped", 1),
        ([INTERRUPTED, "Stopped"], "Stopped", 2),
    ],
)
def test_the_first_reason_counts_but_any_other_is_stronger_than_an_interruption(
    ending, hosts, reasons, counts, terminated
):
    for reason in reasons:
        ending.request(reason)
    assert (ending.reason, hosts.terminated) == (counts, terminated)


def test_hosts_are_stopped_also_when_it_cannot_be_said(ending, hosts):
    def full_disk():
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        ending.request("Stopped", full_disk)
    assert hosts.terminated == 1


def test_after_the_end_no_reason_counts_until_the_job_starts_again(ending, hosts):
    ending.close()
    ending.request("Stopped")
    assert ending.reason is None and hosts.terminated == 0
    assert ending.start_anew()
    ending.request("Stopped")
    assert ending.reason == "Stopped" and not ending.start_anew()


def test_an_interruption_is_forgotten_when_the_job_starts_again(ending):
    ending.request(INTERRUPTED)
    assert ending.start_anew() and ending.reason is None


def test_the_end_of_the_service_removes_the_hosts_whatever_was_the_reason_before(ending, hosts):
    ending.request("Stopped")
    assert not ending.wait_for_kill(0)
    ending.kill()
    assert ending.is_killed and ending.reason == KILLED and hosts.removed == 1 and ending.wait_for_kill(0)


def test_a_limit_ends_the_job_and_no_limit_does_not(ending, hosts):
    assert not ending.timer(None, "MaxWaitTimeExceeded").is_alive()
    ending.timer(0.001, "MaxRuntimeExceeded").join()
    assert ending.reason == "MaxRuntimeExceeded" and hosts.terminated == 1
