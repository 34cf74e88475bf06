"""The certificates that AWS's hosts have here, from a certificate authority of the service's own.

Its key is in the state folder, for its user alone, and its name constraints let it speak for AWS's domains only: a
program that trusts it trusts it with nothing else (https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10)."""

import ssl
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from contract.atomic_write import write_atomically
from local_test.api.aws_hosts import DOMAINS
from local_test.interception.settings import AUTHORITY_FILE

AUTHORITY_DAYS, HOST_DAYS = 3650, 90
RENEWED_BEFORE_DAYS = 30
SKEW = timedelta(hours=1)  # clocks of virtual machines
MOST_HOSTS = 1024  # whose certificates are kept; a bucket is a host


class CertificateAuthority:
    """Safe to use from many threads."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate):
        self._key, self.certificate = key, certificate
        self._host_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[str, tuple[datetime, ssl.SSLContext]] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, folder: Path) -> "CertificateAuthority":
        """That of a state folder; made when it is missing, or ends within a month."""
        path = folder / AUTHORITY_FILE
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return cls._made(path)
        key = serialization.load_pem_private_key(content, None)
        found = x509.load_pem_x509_certificate(content)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or found.not_valid_after_utc < _now() + timedelta(
            days=RENEWED_BEFORE_DAYS
        ):
            return cls._made(path)
        return cls(key, found)

    @classmethod
    def _made(cls, path: Path) -> "CertificateAuthority":
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _authority(key)
        write_atomically(path, (_private_pem(key) + _pem(certificate)).decode(), mode=0o600)
        return cls(key, certificate)

    def context(self, host: str) -> ssl.SSLContext:
        """What a TLS server that is `host` needs. Raises ValueError for a host that is no name of DNS."""
        with self._lock:
            until, found = self._contexts.get(host, (None, None))
            if until and found and until > _now() + timedelta(days=1):
                return found
            if len(self._contexts) >= MOST_HOSTS:
                self._contexts.clear()
            certificate = self._of_host(host)
            found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            found.minimum_version = ssl.TLSVersion.TLSv1_2
            with tempfile.NamedTemporaryFile() as file:  # the only way in for ssl; 0600, in the state folder
                file.write(_private_pem(self._host_key) + _pem(certificate) + _pem(self.certificate))
                file.flush()
                found.load_cert_chain(file.name)
            self._contexts[host] = certificate.not_valid_after_utc, found
            return found

    def _of_host(self, host: str) -> x509.Certificate:
        issuer = self.certificate
        return (
            _builder(x509.Name([]), issuer.subject, self._host_key.public_key(), HOST_DAYS)
            # The name is here and not in the subject, which holds 64 characters: buckets have up to 63 themselves.
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local SageMaker, for AWS's domains on this machine")])
    return (
        _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(
            x509.NameConstraints([x509.DNSName(domain) for domain in DOMAINS], None),
            critical=True,
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - SKEW)
        .not_valid_after(_now() + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _now() -> datetime:
    return datetime.now(UTC)
