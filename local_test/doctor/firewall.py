"""Whether a firewall closes the way from containers to this machine.

Programs in jobs reach the local S3 and the rest at the bridge's address of this machine. A host firewall that refuses
what comes in (`ufw default deny incoming`, a DROP policy of INPUT) closes that way, and they then wait for time-outs.
"""

import os
import re
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from contract.findings import Finding, ok, warning
from local_test.doctor.command_output import command_output
from local_test.doctor.engine_facts import EngineFacts

ETC = Path("/etc")
CLOSED = ("DROP", "REJECT")
# What Docker takes the networks of jobs from: https://docs.docker.com/engine/network/#automatic-subnet-allocation
POOLS = ("172.16.0.0/12", "192.168.0.0/16")


@dataclass(frozen=True)
class FirewallFacts:
    """ufw: its policy for what comes in, `DROP` and the like; '' where it is off or not installed. input: the policy of
    the kernel's INPUT chain; '' where this user may not look.

    rules: of both, in the syntax of iptables; None where this user may not look.
    """

    ufw: str
    input: str
    rules: str | None


def look_at_firewall(etc: Path = ETC) -> FirewallFacts:
    ufw = ""
    if re.search(r"^ENABLED=yes", _text(etc / "ufw/ufw.conf") or "", re.MULTILINE | re.IGNORECASE):
        found = re.search(r'^DEFAULT_INPUT_POLICY="?(\w+)', _text(etc / "default/ufw") or "", re.MULTILINE)
        ufw = found[1].upper() if found else "DROP"
    listed = command_output("iptables", "-S") if os.geteuid() == 0 else None
    rules = listed.out if listed and listed.status == 0 else None
    of_ufw = _text(etc / "ufw/user.rules")
    policy = re.search(r"^-P INPUT (\w+)", rules or "", re.MULTILINE)
    readable = [text for text in (rules, of_ufw) if text is not None]
    return FirewallFacts(ufw, policy[1] if policy else "", "\n".join(readable) if readable else None)


def firewall_findings(facts: FirewallFacts, engine: EngineFacts) -> list[Finding]:
    if not engine.gateway:
        return []  # containers do not come through this machine's firewall
    who = "ufw" if facts.ufw in CLOSED else "The firewall"
    if facts.ufw not in CLOSED and facts.input not in CLOSED:
        return [ok("firewall", "None is seen that closes containers' way to this machine.")]
    if facts.rules is not None and lets_containers_in(facts.rules, engine.subnet):
        return [ok("firewall", f"{who} lets containers reach this machine.")]
    known = "" if facts.rules is not None else ", unless a rule that only root may see lets them"
    opening = (
        f"sudo ufw allow from {POOLS[0]} to {engine.gateway}"
        if facts.ufw in CLOSED
        else f"sudo iptables -I INPUT -s {POOLS[0]} -d {engine.gateway} -j ACCEPT"
    )
    return [
        warning(
            "firewall",
            f"{who} refuses what comes in, so programs in jobs do not reach the local S3 at {engine.gateway}{known}. "
            "Trainings that only read their channels work all the same.",
            opening,
        )
    ]


def lets_containers_in(rules: str, subnet: str) -> bool:
    """Whether a rule accepts what comes in from Docker's bridge, or from a network that this subnet is in. rules: as
    `iptables -S` and ufw's user.rules have them.
    """
    for rule in rules.splitlines():
        if not re.match(r"-A (INPUT|ufw\S*-input)\b", rule) or not rule.rstrip().endswith("-j ACCEPT"):
            continue
        if re.search(r" -i docker0\b", rule):
            return True
        source = re.search(r" -s (\S+)", rule)
        if source and subnet and _contains(source[1], subnet):
            return True
    return False


def _contains(network: str, subnet: str) -> bool:
    try:
        return ip_network(subnet).network_address in ip_network(network, strict=False)
    except ValueError:
        return False


def _text(file: Path) -> str | None:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return None
