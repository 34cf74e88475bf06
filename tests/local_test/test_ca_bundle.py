"""The bundle: what was trusted before, and our authority."""

import stat
from pathlib import Path

import certifi
import pytest

from local_test.environment import CA_BUNDLE, write_bundle
from local_test.host.trusted_certificates import certificates_in
from local_test.interception.certificates import CertificateAuthority
from local_test.interception.settings import AUTHORITY_FILE


def ours(folder) -> str:
    return certificates_in((folder / AUTHORITY_FILE).read_text())[0]


@pytest.fixture
def state(tmp_path):
    CertificateAuthority.of(tmp_path)
    return tmp_path


@pytest.fixture
def corporate(tmp_path):
    (tmp_path / "corp").mkdir()
    CertificateAuthority.of(tmp_path / "corp")
    return tmp_path / "corp" / AUTHORITY_FILE


def test_it_has_the_public_roots_the_shell_s_own_and_ours_without_any_key(state, corporate):
    write_bundle(state, {"REQUESTS_CA_BUNDLE": str(corporate), "SSL_CERT_FILE": ""})
    text = (state / CA_BUNDLE).read_text()
    found = certificates_in(text)
    assert set(certificates_in(Path(certifi.where()).read_text(encoding="utf-8"))) <= set(found)
    assert found[0] == ours(corporate.parent) and found[-1] == ours(state)
    assert len(found) == len(set(found)) and "PRIVATE" not in text
    assert stat.S_IMODE((state / CA_BUNDLE).stat().st_mode) == 0o600


def test_a_folder_of_certificates_is_taken_too(state, corporate):
    write_bundle(state, {"REQUESTS_CA_BUNDLE": str(corporate.parent)})
    assert ours(corporate.parent) in certificates_in((state / CA_BUNDLE).read_text())


def test_a_bundle_of_the_shell_s_own_that_is_not_there_is_named(state):
    with pytest.raises(OSError, match=r"AWS_CA_BUNDLE names .*missing\.pem, which cannot be read"):
        write_bundle(state, {"AWS_CA_BUNDLE": str(state / "missing.pem")})
