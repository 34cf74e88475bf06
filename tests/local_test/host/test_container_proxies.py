"""The proxies of containers: from Docker's configuration or the shell, past what is here."""

import json

import pytest

from local_test.host.container_proxies import ContainerProxies, build_arguments

PROXY = "http://user:word@proxy.example.com:3128"


@pytest.fixture
def shell(tmp_path):
    """shell(names and values) -> variables of a shell whose Docker configuration is tmp_path's."""
    return lambda **variables: {"DOCKER_CONFIG": str(tmp_path), **variables}


@pytest.fixture
def configure(tmp_path):
    """configure(proxies): of Docker's client."""
    return lambda proxies: (tmp_path / "config.json").write_text(json.dumps({"proxies": proxies}))


def both(**values):
    return {spelt: value for name, value in values.items() for spelt in (name, name.upper())}


def of(own, requested=None, of_image=None, local=("172.17.0.1",)):
    return ContainerProxies.of_machine(own).environment(requested or {}, of_image or {}, local)


def test_where_none_is_named_containers_are_as_they_were(shell):
    assert of(shell(HTTPS_PROXY="", NO_PROXY="example.com")) == {}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_the_shells_is_handed_on_in_both_spellings_and_leads_past_what_is_here(shell, name):
    found = of(shell(**{name: PROXY}), local=["172.17.0.1", "algo-1"])
    assert found == both(https_proxy=PROXY, no_proxy="localhost,127.0.0.1,::1,172.17.0.1,algo-1")


def test_the_shells_exceptions_stay(shell):
    found = of(shell(ALL_PROXY=PROXY, NO_PROXY=".corp.example.com, 127.0.0.1"))
    assert found["no_proxy"] == found["NO_PROXY"] == ".corp.example.com,127.0.0.1,localhost,::1,172.17.0.1"


def test_dockers_configuration_for_containers_comes_before_the_shell(shell, configure):
    configure({"default": {"httpProxy": "http://for.containers:1", "noProxy": "a.example.com"}, "tcp://other:1": {}})
    found = of(shell(HTTPS_PROXY=PROXY))
    assert found == both(
        http_proxy="http://for.containers:1", no_proxy="a.example.com,localhost,127.0.0.1,::1,172.17.0.1"
    )


def test_dockers_configuration_may_be_of_one_engine(shell, configure):
    configure({"tcp://engine:2376": {"httpsProxy": "http://its.own:1"}, "default": {"httpsProxy": PROXY}})
    assert of(shell(DOCKER_HOST="tcp://engine:2376"))["https_proxy"] == "http://its.own:1"
    assert of(shell())["https_proxy"] == PROXY


@pytest.mark.parametrize("text", ["{", "[]", '{"proxies": []}', '{"proxies": {"default": "a"}}', "\xff"])
def test_a_configuration_that_says_nothing_of_proxies_is_none(shell, tmp_path, text):
    (tmp_path / "config.json").write_bytes(text.encode("latin-1"))
    assert of(shell()) == {} and of(shell(http_proxy=PROXY))["http_proxy"] == PROXY


@pytest.mark.parametrize("where", ["requested", "of_image"])
def test_a_proxy_of_the_request_or_of_the_image_wins_and_leads_past_what_is_here_too(shell, where):
    own = {where: {"HTTPS_PROXY": "http://own:1", "no_proxy": "b.example.com"}}
    for machine in (shell(), shell(HTTPS_PROXY=PROXY)):
        assert of(machine, **own) == both(no_proxy="b.example.com,localhost,127.0.0.1,::1,172.17.0.1")


def test_a_request_wins_over_its_image(shell):
    found = of(
        shell(), {"NO_PROXY": "request.example.com"}, {"HTTP_PROXY": "http://a:1", "NO_PROXY": "image.example.com"}
    )
    assert found["NO_PROXY"].startswith("request.example.com,") and "image" not in found["NO_PROXY"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:3128", "localhost:3128", "http://[::1]:3128"])
def test_one_on_this_machines_loopback_is_left_out_and_named_in_the_log(shell, address, caplog):
    assert of(shell(HTTPS_PROXY=address)) == {}
    assert "HTTPS_PROXY is a proxy on this machine's loopback" in caplog.text
    assert of(shell(HTTPS_PROXY=address, http_proxy=PROXY))["http_proxy"] == PROXY


def test_the_steps_of_a_build_get_what_containers_get_and_no_more(shell, configure):
    own = shell(HTTPS_PROXY=PROXY, http_proxy="http://127.0.0.1:3128", NO_PROXY="a.example.com")
    assert build_arguments(own) == both(https_proxy=PROXY, no_proxy="a.example.com,localhost,127.0.0.1,::1")
    configure({"default": {"httpProxy": "http://for.containers:1"}})
    assert build_arguments(own) == both(http_proxy="http://for.containers:1", no_proxy="localhost,127.0.0.1,::1")
    assert build_arguments({"DOCKER_CONFIG": "/", "NO_PROXY": "a.example.com"}) == {}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_request_or_an_image_that_names_an_empty_one_has_none(shell, name):
    machine = shell(HTTPS_PROXY=PROXY)
    assert of(machine, {name: ""}) == of(machine, of_image={name: ""}) == {}
    assert "https_proxy" not in of(shell(HTTPS_PROXY=PROXY, HTTP_PROXY=PROXY), {name: ""})


def test_no_proxy_for_every_host_stays_that_alone(shell):
    assert of(shell(HTTPS_PROXY=PROXY, NO_PROXY="*"))["no_proxy"] == "*"


def test_docker_s_exceptions_alone_are_no_proxy_and_those_of_another_engine_are_not_asked(shell, configure):
    configure({"default": {"noProxy": "docker.example.com"}, "tcp://other:1": {"httpsProxy": "http://other:1"}})
    found = of(shell(HTTPS_PROXY=PROXY, NO_PROXY="shell.example.com"))
    assert found["https_proxy"] == PROXY and found["no_proxy"].startswith("docker.example.com,localhost,")


def test_what_is_no_url_is_handed_on_as_it_is(shell):
    assert of(shell(HTTPS_PROXY="http://user:p[ss@proxy:1"))["HTTPS_PROXY"] == "http://user:p[ss@proxy:1"


def test_a_name_that_begins_like_this_machine_s_is_another(shell):
    assert of(shell(HTTPS_PROXY="http://localhost.corp.example.com:1")) != {}


def test_a_user_without_a_home_has_no_configuration(monkeypatch):
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    assert of({"HTTPS_PROXY": PROXY})["https_proxy"] == PROXY
