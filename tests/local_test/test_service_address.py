"""The address of a service: what answers there is the service, or nobody."""

import socket
import threading

import pytest

from local_test.host.identity import identity_of
from local_test.service_address import Address, running


@pytest.fixture
def address(tmp_path):
    """The address in the folder that is returned leads to a program that gives one answer to everybody."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(sent: bytes):
        def serve():
            with listening.accept()[0] as connection:
                connection.recv(10_000)
                connection.sendall(sent)

        threading.Thread(target=serve, daemon=True).start()
        identity_of(tmp_path)
        Address(f"http://127.0.0.1:{listening.getsockname()[1]}", "mine", 1, "us-east-1", "bucket", "role").write(
            tmp_path
        )
        return tmp_path

    yield answer
    listening.close()


def http(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def test_the_service_answers_with_its_name(address):
    found = running(address(http("200 OK", b'{"name": "mine", "pid": 7}')))
    assert (found.name, found.pid) == ("mine", 7)


@pytest.mark.parametrize(
    "sent",
    [
        http("200 OK", b'{"name": "another"}'),
        http("200 OK", b"<html>"),
        http("200 OK", b"[]"),
        http("404 Not Found", b"<html>"),
        http("400 Bad Request", b'{"message": "who?"}'),
        http("500 Oops", b""),
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_another_program_at_its_old_port_is_not_the_service(address, sent):
    assert running(address(sent)) is None


def test_a_folder_that_never_had_a_service_has_none(tmp_path):
    assert running(tmp_path) is None


@pytest.mark.parametrize("content", ["", "[]", '{"url": "http://x"}', '{"of_a_newer_version": 1}'])
def test_an_address_that_cannot_be_read_is_a_sentence_with_the_way_out(tmp_path, content):
    (tmp_path / "service.json").write_text(content)
    with pytest.raises(ValueError, match=r"service\.json cannot be read .* Move it away: the next start"):
        running(tmp_path)
