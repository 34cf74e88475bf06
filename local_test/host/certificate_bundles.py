"""Files of certificates that variables of a shell name, for the programs that are started there. Standard library only:
doctor looks at them on a machine that has nothing else.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

# https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html,
# https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification, https://curl.se/docs/sslcerts.html,
# OpenSSL's (also Go's).
VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
WITH_PIP = (*VARIABLES, "PIP_CERT")  # https://pip.pypa.io/en/stable/cli/pip/#cmdoption-cert


def bundle_files(own: Mapping[str, str], names: Iterable[str]) -> list[Path]:
    """Of the bundles, files or folders, that these variables name; each once.

    own: a shell's variables without any interception. Raises OSError, a message, for one that cannot be read.
    """
    files = [file for name in names if own.get(name) for file in _readable(name, Path(own[name]))]
    return list(dict.fromkeys(files))


def _readable(variable: str, path: Path) -> list[Path]:
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            file.open("rb").close()
    except OSError as error:
        raise OSError(
            f"{variable} names {path}, which cannot be read ({error.strerror}). Correct or unset it."
        ) from error
    return files
