"""Runs in a container: `python reach_host.py PORT ADDRESS...` tries PORT of each address, of its gateway and of
broadcasts.

By its routes, and bound to each interface, where the kernel takes every address for a neighbour. Prints how many ways
it tried."""

import fcntl
import socket
import struct
import sys
from pathlib import Path

PORT, ADDRESSES = int(sys.argv[1]), sys.argv[2:]
SO_BINDTODEVICE, SIOCGIFADDR = 25, 0x8915


def gateways():
    """What the routes name, and the first address of each interface's network, which is where engines put
    themselves.
    """
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        yield socket.inet_ntoa(struct.pack("<I", int(line.split()[2], 16)))
    for _, interface in socket.if_nameindex():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            try:
                address = fcntl.ioctl(asked, SIOCGIFADDR, struct.pack("256s", interface.encode()))[20:24]
            except OSError:
                continue
        yield socket.inet_ntoa(address[:2] + b"\0\1")
        yield socket.inet_ntoa(address[:3] + b"\1")


def attempt(kind, interface, address):
    with socket.socket(socket.AF_INET, kind) as sender:
        sender.settimeout(1)
        try:
            if interface:
                sender.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, interface.encode())
            if kind == socket.SOCK_STREAM:
                sender.connect((address, PORT))
            else:
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                sender.sendto(f"udp {address} by {interface}".encode(), (address, PORT))
        except OSError:
            pass  # what counts is what the listener heard


def main():
    interfaces = [None, *(name for _, name in socket.if_nameindex() if name != "lo")]
    targets = {*ADDRESSES, *gateways(), "255.255.255.255"} - {"0.0.0.0", "127.0.0.1"}
    ways = [
        (kind, interface, target)
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        for interface in interfaces
        for target in sorted(targets)
    ]
    for way in ways:
        attempt(*way)
    print(f"tried {len(ways)}", flush=True)


main()
