"""The certificates that programs on this machine trust, and that containers then trust, too.

A company's proxy that reads TLS signs with a certificate authority of its own. Programs learn of it by variables of the
shell that name a bundle, or from the system's store. A container without it could not install a requirements.txt, or
download weights.
"""

import logging
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi
from docker.types import Mount

from contract.atomic_write import write_atomically
from local_test.host.certificate_bundles import VARIABLES, WITH_PIP, added_files, bundle_files

# What containers are told. Not AWS_CA_BUNDLE: the service's own address has no TLS.
IN_CONTAINERS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
# Of distributions, for a Python that was built elsewhere.
SYSTEM_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
FILE = "containers-ca-bundle.pem"
PATH_IN_CONTAINERS = "/etc/local-sagemaker/ca-bundle.pem"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrustedCertificates:
    """bundle: a PEM file for containers; None: they trust what their image does."""

    bundle: Path | None = None

    @classmethod
    def of_machine(cls, own: Mapping[str, str], folder: Path) -> "TrustedCertificates":
        """A bundle in the service's folder where a variable names one, or the administrator of this machine added an
        authority to its store; the log says so where one cannot be read.

        own: a shell's variables without any interception.
        """
        if not any(own.get(name) for name in WITH_PIP) and not added_files():
            return cls()
        try:
            found = certificates(own, WITH_PIP)
        except OSError as error:
            logger.warning("%s Until then containers trust the certificates of their image alone.", error)
            return cls()
        write_atomically(folder / FILE, "\n".join([*found, ""]), mode=0o644)  # programs in containers are other users
        return cls(folder / FILE)

    def variables(self) -> dict[str, str]:
        """For a container's environment, where neither its image nor its request has them."""
        return dict.fromkeys(IN_CONTAINERS, PATH_IN_CONTAINERS) if self.bundle else {}

    def mounts(self) -> list[Mount]:
        if self.bundle is None:
            return []
        return [Mount(PATH_IN_CONTAINERS, str(self.bundle), type="bind", read_only=True)]


def certificates(own: Mapping[str, str], names: Iterable[str] = VARIABLES) -> list[str]:
    """Those of the bundles that the variables name, what an administrator added, and what programs trust without them;
    each once, in this order.

    Raises OSError for a bundle that a variable names and that cannot be read."""
    default = ssl.get_default_verify_paths().cafile
    usual = [Path(one) for one in (certifi.where(), default, *SYSTEM_FILES) if one and Path(one).is_file()]
    found: dict[str, None] = {}
    for file in [*bundle_files(own, names), *added_files(), *usual]:
        found |= dict.fromkeys(certificates_in(file.read_text(encoding="utf-8", errors="replace")))
    return list(found)


def certificates_in(text: str) -> list[str]:
    """Each certificate of a PEM file, without what stands between them."""
    return [BEGIN + part.partition(END)[0] + END for part in text.split(BEGIN)[1:] if END in part]
