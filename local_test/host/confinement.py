"""What every container of a job or an endpoint is created with, so that its program stays inside.

The capabilities are those that a program of root's needs for files, users and ports of its own container. Of the
engine's usual ones NET_RAW (raw packets: forged senders, other hosts' traffic), MKNOD, SETFCAP and SETPCAP are missing.
https://docs.docker.com/engine/security/#linux-kernel-capabilities"""

from docker.types import Ulimit

CAPABILITIES = (
    # sshd that is built with audit support refuses every login without it; MPI starts its workers by sshd
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
    "SYS_CHROOT",
)
PROCESSES = 8192  # and threads: a fork bomb ends there, 64 workers of 64 threads do not

# Keyword arguments of docker-py's `containers.create`.
CONFINEMENT = {
    "cap_drop": ["ALL"],
    "cap_add": list(CAPABILITIES),
    "security_opt": ["no-new-privileges"],
    "pids_limit": PROCESSES,
    "ulimits": [Ulimit(name="core", soft=0, hard=0)],
    # Docker's client would hand the proxies of its configuration to isolated containers, too, and send what is for the
    # local SageMaker through them: container_proxies.py.
    "use_config_proxy": False,
}
