"""Requests that would take the service's threads, memory or disk."""

import json
import socket
from pathlib import Path

from tests.local_service import until

MEGABYTES = 1024**2


def memory(pid: int, which: str) -> int:
    """Bytes; VmRSS now, VmHWM at most so far."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(f"{which}:")]
    return int(line.split()[1]) * 1024


def test_half_open_connections_hold_nobody_up(local):
    half_open = [socket.create_connection(("127.0.0.1", local.address.port)) for _ in range(500)]
    try:
        for connection in half_open:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-")
        local.client("sagemaker", read_timeout=5, connect_timeout=5).list_training_jobs()
    finally:
        for connection in half_open:
            connection.close()


def test_a_body_that_nobody_signed_is_not_even_received(local):
    with socket.create_connection(("127.0.0.1", local.address.port), timeout=10) as connection:
        host = f"127.0.0.1:{local.address.port}"
        connection.sendall(f"PUT /bucket/key HTTP/1.1\r\nHost: {host}\r\nContent-Length: 600000000\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 403 ")


def test_a_large_object_is_never_in_memory(local, tmp_path):
    size = 300 * MEGABYTES
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    before = memory(local.address.pid, "VmHWM")
    with (tmp_path / "large").open("rb") as file:
        local.client("s3").put_object(Bucket=local.address.bucket, Key="large", Body=file)
    assert local.client("s3").head_object(Bucket=local.address.bucket, Key="large")["ContentLength"] == size
    assert memory(local.address.pid, "VmHWM") - before < size // 3
    local.client("s3").delete_object(Bucket=local.address.bucket, Key="large")
    until(lambda: list((local.folder / "spool").iterdir()) == [])


def test_a_request_that_is_nested_900_deep_is_the_senders_fault(local):
    sagemaker = local.client("sagemaker")
    deep = "[" * 900 + "]" * 900

    def replace(request, **_):
        request.data = json.dumps({"Filters": 0}).replace("0", deep).encode()

    sagemaker.meta.events.register_first("before-sign.sagemaker.ListModels", replace)
    try:
        sagemaker.list_models()
        raise AssertionError("it was taken")
    except sagemaker.exceptions.ClientError as error:
        assert (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]) == (
            "SerializationException",
            400,
        )
    finally:
        sagemaker.meta.events.unregister("before-sign.sagemaker.ListModels", replace)
