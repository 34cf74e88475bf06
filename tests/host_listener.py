"""A listener on the host, and a program that tries to reach it from a container by every way that a program without
privileges has.
"""

import json
import socket
import subprocess
import threading
from pathlib import Path

from tests.local_service import until

PROBE = Path(__file__).with_name("reach_host.py")


class HostListener:
    """TCP and UDP on one port of every address. A context."""

    def __enter__(self) -> "HostListener":
        self._heard: list[str] = []
        self._tcp = socket.create_server(("0.0.0.0", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("0.0.0.0", self.port))
        self._threads = [threading.Thread(target=listen, daemon=True) for listen in (self._accept, self._receive)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._udp.sendto(b"", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join()
        self._tcp.close()
        self._udp.close()

    def heard(self) -> list[str]:
        """What has come in, as the text of UDP, or `tcp` and the address that was called."""
        marks = [f"mark {len(self._heard)}", "tcp 127.0.0.1"]
        before = self._heard.count(marks[1])
        self._udp.sendto(marks[0].encode(), ("127.0.0.1", self.port))
        socket.create_connection(("127.0.0.1", self.port)).close()
        # What arrived before these is taken before them.
        until(lambda: marks[0] in self._heard and self._heard.count(marks[1]) > before)
        return [one for one in self._heard if one != marks[1] and not one.startswith("mark ")]

    def probe_arguments(self) -> list[str]:
        """Of reach_host.py: the port and every IPv4 address of this host outside loopback."""
        interfaces = json.loads(
            subprocess.run(["ip", "-json", "-4", "address"], check=True, capture_output=True).stdout
        )
        addresses = [
            one["local"]
            for interface in interfaces
            for one in interface["addr_info"]
            if not one["local"].startswith("127.")
        ]
        assert addresses
        return [str(self.port), *addresses]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection:
                self._heard.append(f"tcp {connection.getsockname()[0]}")

    def _receive(self) -> None:
        while message := self._udp.recv(1000):
            self._heard.append(message.decode())
