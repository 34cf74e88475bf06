"""The nftables rules of an isolated network namespace.

Packets that are not allowed are refused rather than lost: a program that tries to reach something learns it at once.
https://wiki.nftables.org/wiki-nftables/index.php/Quick_reference-nftables_in_10_minutes
"""

from collections.abc import Iterable

TABLE = """table inet isolation {{
  chain output {{
    type filter hook output priority filter; policy drop;
    oif lo accept
    {output}
    reject with icmpx type admin-prohibited
  }}
  chain input {{
    type filter hook input priority filter; policy drop;
    iif lo accept
    {input}
  }}
}}"""


def answers_only(port: int) -> str:
    """Nothing leaves but the answers on connections that somebody else opened to `port`."""
    return TABLE.format(
        output=f"tcp sport {port} ct state established ct direction reply accept", input=f"tcp dport {port} accept"
    )


def peers_only(addresses: Iterable[str]) -> str:
    """Nothing is sent or received but between these IPv4 addresses."""
    peers = ", ".join(addresses)
    return TABLE.format(output=f"ip daddr {{ {peers} }} accept", input=f"ip saddr {{ {peers} }} accept")
