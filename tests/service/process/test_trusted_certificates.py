"""A company's proxy that reads TLS: what this machine's programs trust, those in containers trust, too."""

import ssl
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local_test.host.certificate_bundles import WITH_PIP
from local_test.host.container_access import ContainerAccess
from local_test.host.trusted_certificates import IN_CONTAINERS
from tests.local_test.interception.other_host import certificate

FETCH = """
import os, sys, urllib.request
print("told", sorted(name for name in os.environ if os.environ[name].startswith("/etc/local-sagemaker/")), flush=True)
if len(sys.argv) > 1:
    print("read", urllib.request.urlopen(sys.argv[1]).read().decode())
"""
TOLD = f"told {sorted(IN_CONTAINERS)}"


@pytest.fixture
def index(tmp_path, engine):
    """URL of a package index whose certificate no image knows, and a file of the authority that signed it."""
    host = ContainerAccess.through(engine, None, "us-east-1").gateway
    if host is None:
        pytest.skip("this engine's containers reach no address of this machine that a server here could have")
    pages, file = tmp_path / "pages", tmp_path / "authority.pem"
    (pages / "simple/greeting").mkdir(parents=True)
    (pages / "page").write_text("a page")
    build_wheel(pages / "simple/greeting/greeting-1.0-py3-none-any.whl")
    file.write_bytes(certificate(host))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = ThreadingHTTPServer((host, 0), partial(SimpleHTTPRequestHandler, directory=str(pages)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://{host}:{server.server_address[1]}", file
    server.shutdown()
    server.server_close()


def build_wheel(path) -> None:
    about = "greeting-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("greeting.py", "print('hello from the package')\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture
def shell(monkeypatch):
    """A shell that names no bundle; shell(file) names one."""
    for name in WITH_PIP:
        monkeypatch.delenv(name, raising=False)
    return partial(monkeypatch.setenv, "SSL_CERT_FILE")


@pytest.fixture
def run(run_script):
    """run(script, ...) -> the status of a job of that script, and what it printed."""
    return partial(run_script, {"fetch.py": FETCH})


def program(*arguments: str) -> str:
    return f"python /opt/ml/input/data/code/fetch.py {' '.join(arguments)}"


def test_a_job_installs_its_packages_and_reads_pages_where_the_shell_names_the_authority(run, index, shell):
    url, authority = index
    shell(str(authority))
    install = f"pip install --quiet --no-deps --target /tmp/packages --index-url {url}/simple greeting"
    status, log = run(
        f"set -e\n{install}\nPYTHONPATH=/tmp/packages python -c 'import greeting'\n{program(f'{url}/page')}"
    )
    assert status == "Completed", log
    assert "hello from the package" in log and "read a page" in log and TOLD in log


def test_without_it_the_authority_is_unknown_in_containers_too(run, index, shell):
    status, log = run(program(f"{index[0]}/page"))
    assert status == "Failed" and "CERTIFICATE_VERIFY_FAILED" in log


def test_a_request_s_own_variables_win(run, index, shell):
    shell(str(index[1]))
    own = dict.fromkeys(IN_CONTAINERS, "/etc/ssl/certs/ca-certificates.crt")
    status, log = run(program(), Environment=own)
    assert status == "Completed" and "told []" in log


def test_an_isolated_job_is_told_of_none(run, index, shell):
    shell(str(index[1]))
    status, log = run(program(), EnableNetworkIsolation=True)
    assert status == "Completed" and "told []" in log
