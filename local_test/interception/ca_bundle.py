"""The certificates that a program trusts while its requests to AWS are intercepted: those that it would, and ours."""

from collections.abc import Mapping
from pathlib import Path

from contract.atomic_write import write_atomically
from local_test.host.trusted_certificates import certificates, certificates_in
from local_test.interception.settings import AUTHORITY_FILE

FILE = "ca-bundle.pem"


def write_bundle(folder: Path, own: Mapping[str, str]) -> None:
    """Into the state folder, which has our certificate authority. own: a shell's variables without any interception.

    Raises OSError for a bundle that a variable names and that cannot be read."""
    both = dict.fromkeys([*certificates(own), *certificates_in((folder / AUTHORITY_FILE).read_text())])
    write_atomically(folder / FILE, "\n".join([*both, ""]), mode=0o600)
