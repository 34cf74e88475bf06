"""A page of another origin in a real Chromium: whatever it tries, nothing is done and nothing is read."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.report_page.browser import running_browser

ATTACK = """
(async () => {
  const service = 'SERVICE', bucket = 'BUCKET', heard = {};
  const attempt = async (name, options, path = '/') => {
    try { const answer = await fetch(service + path, options);
          heard[name] = answer.type === 'opaque' ? 'sent' : 'read ' + await answer.text(); }
    catch (error) { heard[name] = 'failed'; }
  };
  await attempt('own page', {}, undefined).catch(() => {});
  const target = {'X-Amz-Target': 'SageMaker.ListTrainingJobs', 'Content-Type': 'application/x-amz-json-1.1'};
  await attempt('with a target', {method: 'POST', headers: target, body: '{}'});
  await attempt('simple', {method: 'POST', headers: {'Content-Type': 'text/plain'}, body: '{}'});
  await attempt('not to be read', {method: 'POST', mode: 'no-cors', body: 'x'}, '/' + bucket + '/planted-by-fetch');
  await attempt('put', {method: 'PUT', body: 'x'}, '/' + bucket + '/planted-by-put');
  await attempt('object', {}, '/' + bucket + '/private');
  await attempt('status', {}, '/local-sagemaker/status');
  const frame = document.createElement('iframe'); frame.name = 'frame'; document.body.append(frame);
  const form = async (path, fields) => {
    const form = document.createElement('form');
    Object.assign(form, {method: 'POST', action: service + path, target: 'frame', enctype: 'multipart/form-data'});
    for (const [name, value] of Object.entries(fields)) { const input = document.createElement('input');
      Object.assign(input, {name, value}); form.append(input); }
    document.body.append(form); const loaded = new Promise(done => frame.onload = done); form.submit(); await loaded;
  };
  await form('/moto-api/reset', {});
  await form('/' + bucket, {key: 'planted-by-form', file: 'x'});
  heard.image = await new Promise(done => { const image = new Image();
    image.onload = () => done('read'); image.onerror = () => done('failed');
    image.src = service + '/' + bucket + '/private'; });
  return heard;
})()
"""


@pytest.fixture
def origin():
    """The address of a server that gives out an empty page to everybody."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>a page</title><body>")

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_of_another_origin_is_not_obeyed(local, origin, tmp_path):
    local.put("private", b"a secret")
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html>")
    with running_browser(tmp_path / "browser") as browser:
        page = browser.open(blank, 800)
        page.ask("Page.navigate", url=origin)
        page.wait_for("Page.loadEventFired")
        assert page.value("fetch('/').then(answer => answer.text())").startswith(
            "<!doctype html>"
        )  # it may fetch where it may
        heard = page.value(ATTACK.replace("SERVICE", local.address.url).replace("BUCKET", local.address.bucket))
        asked = page.loaded()
    assert sum(url.startswith(local.address.url) for url in asked) >= 8  # the browser did send them
    assert {name: said for name, said in heard.items() if said.startswith("read")} == {}
    assert local.read("private") == b"a secret" and local.keys("planted") == []
    assert local.client("sts").get_caller_identity()["Account"] == "123456789012"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_every_answer_to_a_page_is_a_refusal_without_a_cors_header(local, ask, method, headers):
    connection = http.client.HTTPConnection("127.0.0.1", local.address.port, timeout=10)
    connection.request(method, "/", headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 403 and not [name for name in answer.headers if name.lower().startswith("access-control-")]
