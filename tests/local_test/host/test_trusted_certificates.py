"""What containers trust besides their image's certificates: the bundle that a variable of the shell names."""

import stat
from pathlib import Path

import certifi
import pytest

from local_test.host import certificate_bundles
from local_test.host.certificate_bundles import VARIABLES
from local_test.host.trusted_certificates import TrustedCertificates, certificates_in
from tests.local_test.interception.other_host import certificate


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path_factory):
    """The folder in which an administrator adds authorities to this machine's store; it is empty."""
    folder = tmp_path_factory.mktemp("store")
    monkeypatch.setattr(certificate_bundles, "ADDED", {folder: "*.crt", folder / "missing": "*"})
    return folder


@pytest.fixture
def corporate(tmp_path):
    file = tmp_path / "corporate.pem"
    file.write_bytes(certificate("proxy.example.com"))
    return file


@pytest.mark.parametrize("variable", [*VARIABLES, "PIP_CERT"])
def test_a_bundle_that_a_variable_names_is_for_containers_too_with_the_public_roots_and_without_any_key(
    corporate, tmp_path, variable
):
    trusted = TrustedCertificates.of_machine({variable: str(corporate)}, tmp_path)
    text = trusted.bundle.read_text()
    found = certificates_in(text)
    assert found[0] == certificates_in(corporate.read_text())[0] and "PRIVATE" not in text
    assert set(certificates_in(Path(certifi.where()).read_text(encoding="utf-8"))) <= set(found)
    assert stat.S_IMODE(trusted.bundle.stat().st_mode) == 0o644  # users of containers are others
    [mount] = trusted.mounts()
    assert mount["Source"] == str(trusted.bundle) and mount["ReadOnly"]


@pytest.mark.parametrize("own", [{}, {"SSL_CERT_FILE": ""}, {"HOME": "/root"}])
def test_where_none_is_named_containers_are_as_they_were(own, tmp_path):
    trusted = TrustedCertificates.of_machine(own, tmp_path)
    assert trusted.bundle is None and trusted.mounts() == [] and list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_read_is_named_in_the_log_and_ends_nothing(tmp_path, caplog):
    trusted = TrustedCertificates.of_machine({"SSL_CERT_FILE": str(tmp_path / "missing.pem")}, tmp_path)
    assert trusted.bundle is None and f"SSL_CERT_FILE names {tmp_path / 'missing.pem'}, which cannot" in caplog.text


def test_an_authority_that_was_added_to_the_systems_store_is_for_containers_too(store, corporate, tmp_path):
    (store / "company").mkdir()
    corporate.rename(store / "company/root.crt")
    (store / "company/old.pem").write_bytes(certificate("old.example.com"))  # no .crt: the system does not trust it
    trusted = TrustedCertificates.of_machine({}, tmp_path)
    found = certificates_in(trusted.bundle.read_text())
    assert found[0] in (store / "company/root.crt").read_text()
    assert not set(certificates_in((store / "company/old.pem").read_text())) & set(found)


def test_an_authority_that_cannot_be_read_is_passed_over_as_by_the_system(store, tmp_path):
    (store / "gone.crt").symlink_to(tmp_path / "nothing")
    (store / "long.crt").symlink_to("n" * 300)
    assert TrustedCertificates.of_machine({}, tmp_path).bundle is None


def test_a_variable_may_name_several_folders_of_certificates(corporate, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "java").mkdir(parents=True)  # as in Debian's /etc/ssl/certs
    second.mkdir()
    corporate.rename(second / "a.pem")
    (first / "b.pem").write_bytes(certificate("other.example.com"))
    found = certificates_in(
        TrustedCertificates.of_machine(
            {"SSL_CERT_DIR": f"{first}:{tmp_path / 'missing'}:{second}"}, tmp_path
        ).bundle.read_text()
    )
    assert [found[0] in (first / "b.pem").read_text(), found[1] in (second / "a.pem").read_text()] == [True, True]
