"""A login at the registry of a service is taken out of the docker command's configuration."""

import base64
import json
import os

from local_test.clean import remove_login

HOST = "127.0.0.1:5001"


def test_the_login_goes_and_others_stay(tmp_path):
    password = {"auth": base64.b64encode(b"AWS:x").decode()}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {HOST: password, "example.com": password}}))
    environ = os.environ | {"DOCKER_CONFIG": str(tmp_path)}
    assert remove_login(HOST, environ) and not remove_login(HOST, environ)
    assert list(json.loads((tmp_path / "config.json").read_text())["auths"]) == ["example.com"]


def test_without_a_login_nothing_is_run(tmp_path):
    assert not remove_login(HOST, {"DOCKER_CONFIG": str(tmp_path), "PATH": ""})
    (tmp_path / "config.json").write_text("no JSON")
    assert not remove_login(HOST, {"DOCKER_CONFIG": str(tmp_path), "PATH": ""})
