"""The interception of one service: it listens from when a shell first asks for it, and again after every restart."""

import logging
import threading
from dataclasses import replace
from pathlib import Path

from local_test.interception.certificates import CertificateAuthority
from local_test.interception.proxy import Proxy
from local_test.interception.settings import new_settings, read_settings
from local_test.interception.upstream import Upstream

logger = logging.getLogger(__name__)


class Interception:
    """Safe to use from many threads. folder: of the service's state. api_port: of its API on loopback."""

    def __init__(self, folder: Path, api_port: int):
        self._folder, self._api_port = folder, api_port
        self._proxy: Proxy | None = None
        self._lock = threading.Lock()

    def resume(self) -> None:
        """Listen again, where an earlier process of this service did."""
        settings = read_settings(self._folder)
        if settings:
            self.start(settings.upstream)

    def start(self, upstream: Upstream) -> None:
        """Listen, or go on to, and reach other hosts by this way from now on. settings.py tells where it is."""
        with self._lock:
            if self._proxy:
                self._proxy.upstream = upstream
            settings = replace(read_settings(self._folder) or new_settings(upstream), upstream=upstream)
            if not self._proxy:
                authority = CertificateAuthority.of(self._folder)
                try:
                    self._proxy = Proxy(authority, settings.password, self._api_port, settings.port, upstream)
                except OSError:
                    logger.warning("port %s of the interception is taken: evaluate env --intercept anew", settings.port)
                    self._proxy = Proxy(authority, settings.password, self._api_port, 0, upstream)
            replace(settings, port=self._proxy.port).write(self._folder)

    def stop(self) -> None:
        with self._lock:
            if self._proxy:
                self._proxy.stop()
                self._proxy = None
