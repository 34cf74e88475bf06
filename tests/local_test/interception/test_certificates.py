"""The certificate authority: what it vouches for, and what it cannot."""

import socket
import ssl
import stat
import threading

import pytest

from local_test.host.trusted_certificates import certificates_in
from local_test.interception.certificates import CertificateAuthority
from local_test.interception.settings import AUTHORITY_FILE

LONGEST = f"{'b' * 63}.s3.dualstack.ap-southeast-1.amazonaws.com"


def handshake(folder, certificate_of: str, asked_for: str) -> None:
    """A TLS client that trusts the authority, and asks for a name, against a server with the certificate of another."""
    context = CertificateAuthority.of(folder).context(certificate_of)
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            context.wrap_socket(there, server_side=True).close()
        except OSError:
            there.close()

    server = threading.Thread(target=serve)
    server.start()
    trusting = ssl.create_default_context(cadata=certificates_in((folder / AUTHORITY_FILE).read_text())[0])
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # Python's default from 3.13 on
    try:
        trusting.wrap_socket(here, server_hostname=asked_for).close()
    finally:
        here.close()
        server.join()


@pytest.mark.parametrize("host", ["sts.us-east-1.amazonaws.com", "s3.cn-north-1.amazonaws.com.cn", LONGEST])
def test_a_host_of_aws_s_is_trusted(tmp_path, host):
    handshake(tmp_path, host, host)


def test_another_host_of_aws_s_is_not_the_same(tmp_path):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(tmp_path, "sts.amazonaws.com", "iam.amazonaws.com")


@pytest.mark.parametrize("host", ["pypi.org", "amazonaws.com.evil.example", "xamazonaws.com"])
def test_whoever_has_the_key_cannot_speak_for_anybody_else(tmp_path, host):
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(tmp_path, host, host)


def test_the_key_is_its_user_s_alone_and_stays_the_same(tmp_path):
    CertificateAuthority.of(tmp_path)
    made = (tmp_path / AUTHORITY_FILE).read_bytes()
    assert stat.S_IMODE((tmp_path / AUTHORITY_FILE).stat().st_mode) == 0o600
    CertificateAuthority.of(tmp_path)
    assert (tmp_path / AUTHORITY_FILE).read_bytes() == made and b"PRIVATE KEY" in made
