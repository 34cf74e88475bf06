"""A company's network: programs in containers reach other hosts through its proxy, and the local S3 past it."""

import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local_test.host.container_access import ContainerAccess

READ = """
import os, sys, urllib.error, urllib.request
for name in ("the page", "the service"):
    url = "http://pictures.example.com/page" if name == "the page" else os.environ.get("AWS_ENDPOINT_URL")
    try:
        print(name, "said", urllib.request.urlopen(url, timeout=20).read().decode(), flush=True)
    except urllib.error.HTTPError as error:
        print(name, "refused", error.code, flush=True)
    except (OSError, AttributeError) as error:
        print(name, "is not reached", flush=True)
print("told", sorted(name for name in os.environ if name.lower().endswith("_proxy")), flush=True)
"""
TOLD = f"told {sorted(['HTTP_PROXY', 'NO_PROXY', 'http_proxy', 'no_proxy'])}"


class Proxy(BaseHTTPRequestHandler):
    """Answers for every host."""

    def do_GET(self):
        body = f"{self.path} by the proxy".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def proxy(engine):
    """Its URL, for containers."""
    host = ContainerAccess.through(engine, None, "us-east-1").gateway
    if host is None:
        pytest.skip("this engine's containers reach no address of this machine that a server here could have")
    server = ThreadingHTTPServer((host, 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{host}:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def docker_configuration(monkeypatch, tmp_path):
    """A shell without proxies, whose docker command has no configuration yet."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # these tests reach the service, too
    return folder / "config.json"


@pytest.fixture
def run(run_script):
    return partial(run_script, {"read.py": READ}, "python /opt/ml/input/data/code/read.py")


@pytest.mark.parametrize("named_by", ["the shell", "docker's configuration"])
def test_a_job_reads_a_page_through_the_proxy_and_reaches_the_local_sagemaker_past_it(
    run, proxy, docker_configuration, monkeypatch, named_by
):
    if named_by == "the shell":
        monkeypatch.setenv("HTTP_PROXY", proxy)
    else:
        docker_configuration.write_text(json.dumps({"proxies": {"default": {"httpProxy": proxy}}}))
    status, log = run()
    assert status == "Completed", log
    assert "the page said http://pictures.example.com/page by the proxy" in log and TOLD in log
    assert "the service refused 403" in log  # it takes signed requests only


def test_a_proxy_of_the_request_does_not_lead_away_from_the_local_sagemaker(run, proxy, docker_configuration):
    status, log = run(Environment={"http_proxy": proxy})
    assert status == "Completed" and "by the proxy" in log and "the service refused 403" in log


def test_an_isolated_job_is_told_of_none(run, proxy, docker_configuration, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", proxy)
    status, log = run(EnableNetworkIsolation=True)
    assert status == "Completed" and "told []" in log and "the page is not reached" in log
