"""Files of certificates that this machine trusts besides the public ones: what variables of a shell name for the
programs that are started there, and what its administrator added to the system's store. Standard library only: doctor
looks at them on a machine that has nothing else.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

# https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html,
# https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification, https://curl.se/docs/sslcerts.html,
# OpenSSL's (also Go's).
VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
# https://pip.pypa.io/en/stable/cli/pip/#cmdoption-cert and OpenSSL's for folders, several of them as in PATH.
FOLDERS = "SSL_CERT_DIR"
WITH_PIP = (*VARIABLES, "PIP_CERT", FOLDERS)
# Folders, and which files in them count: Debian's (update-ca-certificates(8)), Fedora's (update-ca-trust(8)), Arch's.
ADDED = {
    Path("/usr/local/share/ca-certificates"): "*.crt",
    Path("/etc/pki/ca-trust/source/anchors"): "*",
    Path("/etc/ca-certificates/trust-source/anchors"): "*",
}


def bundle_files(own: Mapping[str, str], names: Iterable[str]) -> list[Path]:
    """Of the bundles, files or folders, that these variables name; each once.

    own: a shell's variables without any interception. Raises OSError, a message, for one that cannot be read. Of
    FOLDERS what cannot be read is passed over, as by OpenSSL.
    """
    found: dict[Path, None] = {}
    for name in names:
        if name == FOLDERS:
            folders = [Path(path) for path in own.get(name, "").split(os.pathsep) if path]
            found |= dict.fromkeys(file for folder in folders for file in sorted(folder.glob("*")) if _can_read(file))
        elif own.get(name):
            found |= dict.fromkeys(_readable(name, Path(own[name])))
    return list(found)


def added_files() -> list[Path]:
    """Of the authorities that an administrator added to the system's store. One that cannot be read is left out: the
    system's own programs do not trust it either.
    """
    return [file for folder, which in ADDED.items() for file in sorted(folder.rglob(which)) if _can_read(file)]


def _can_read(file: Path) -> bool:
    return os.path.isfile(file) and os.access(file, os.R_OK)  # Path.is_file raises where a folder is closed


def _readable(variable: str, path: Path) -> list[Path]:
    try:
        files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
        for file in files:
            file.open("rb").close()
    except OSError as error:
        raise OSError(
            f"{variable} names {path}, which cannot be read ({error.strerror}). Correct or unset it."
        ) from error
    return files
