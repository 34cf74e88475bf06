"""Which network addresses a picture may be fetched from: public ones only.

An endpoint stands inside somebody's network, beside a metadata service that hands out credentials. A URL of a stranger
must reach none of it.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What Python 3.11 calls global and IANA does not, and the one address of a cloud that looks public.
# https://www.iana.org/assignments/iana-ipv4-special-registry
RESERVED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays from IPv6, once
        # Azure's metadata: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "168.63.129.16/32",
        "3fff::/20",  # documentation
    )
)
# IANA gives out nothing outside it: https://www.iana.org/assignments/ipv6-address-space. NAT64's 64:ff9b::/96 is
# outside, too.
UNICAST = ipaddress.ip_network("2000::/3")


def is_public(address: Address) -> bool:
    """Whether `address` is one of the public internet's.

    False for private, loopback, link-local (AWS's 169.254.169.254 and 169.254.170.2), unique local (fd00:ec2::254),
    carrier-grade NAT's, multicast, reserved and unspecified ones, and for IPv6 addresses that only wrap an IPv4
    address."""
    if isinstance(address, ipaddress.IPv6Address) and (address not in UNICAST or address.sixtofour or address.teredo):
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in RESERVED)
