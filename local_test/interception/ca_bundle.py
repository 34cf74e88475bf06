"""The certificates that a program trusts while its requests to AWS are intercepted: those that it would, and ours."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import certifi

from contract.atomic_write import write_atomically
from local_test.interception.settings import AUTHORITY_FILE

FILE = "ca-bundle.pem"
# Variables by which programs are told another bundle: https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html,
# https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification, https://curl.se/docs/sslcerts.html,
# OpenSSL's (also Go's).
VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
# Of distributions, for a Python that was built elsewhere.
SYSTEM_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def write_bundle(folder: Path, own: Mapping[str, str]) -> None:
    """Into the state folder, which has our certificate authority. own: a shell's variables without any interception.

    Raises OSError for a bundle that a variable names and that cannot be read."""
    files = [file for name in VARIABLES if own.get(name) for file in _named(name, Path(own[name]))]
    default = ssl.get_default_verify_paths().cafile
    usual = [Path(one) for one in (certifi.where(), default, *SYSTEM_FILES) if one and Path(one).is_file()]
    certificates: dict[str, None] = {}  # in their order, each once
    for file in [*files, *usual]:
        certificates |= dict.fromkeys(certificates_in(file.read_text(encoding="utf-8", errors="replace")))
    certificates |= dict.fromkeys(certificates_in((folder / AUTHORITY_FILE).read_text()))
    write_atomically(folder / FILE, "\n".join([*certificates, ""]), mode=0o600)


def _named(variable: str, path: Path) -> list[Path]:
    """The files of a bundle that is a file or a folder. Raises OSError, a message, for one that cannot be read."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            file.open("rb").close()
    except OSError as error:
        raise OSError(
            f"{variable} names {path}, which cannot be read ({error.strerror}). Correct or unset it."
        ) from error
    return files


def certificates_in(text: str) -> list[str]:
    """Each certificate of a PEM file, without what stands between them."""
    return [BEGIN + part.partition(END)[0] + END for part in text.split(BEGIN)[1:] if END in part]
