"""Errors that AWS has no part in say what to do: of the credentials, of the network, of files on this machine."""

import errno
import os

import pytest
from botocore.exceptions import (
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidConfigError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSLError,
)

from scripts import doctor, status
from scripts.aws.docker_cli import docker
from scripts.aws.docker_manifest import one_image
from scripts.console import notebook
from scripts.console.failure import Failure, explain


@pytest.mark.parametrize(
    "error, said",
    [
        (
            PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY. Set both AWS_ACCESS_KEY_ID and",
        ),
        (ProfileNotFound(profile="me"), "The config profile (me) could not be found. Correct AWS_PROFILE, or unset it"),
        (ConfigParseError(path="/x/config"), "Unable to parse config file: /x/config. Correct the AWS configuration"),
        (InvalidConfigError(error_msg="No such source_profile."), "No such source_profile. Correct the AWS config"),
        (
            CredentialRetrievalError(provider="custom-process", error_msg="vault is sealed"),
            "Error when retrieving credentials from custom-process: vault is sealed. Mend that source",
        ),
        (
            ProxyConnectionError(proxy_url="http://p:3128"),
            'Failed to connect to proxy URL: "http://p:3128". Check HTTPS_',
        ),
        (SSLError(endpoint_url="https://x", error="self-signed"), "name its certificate in AWS_CA_BUNDLE"),
        (EndpointConnectionError(endpoint_url="https://x"), "Check the network, the region and AWS_ENDPOINT_URL."),
        (ParamValidationError(report="Missing Bucket"), "Parameter validation failed:"),
        (
            ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject"),
            "AWS refused HeadObject: Forbidden (403). Give these credentials s3:ListBucket and s3:GetObject there",
        ),
        (OSError(errno.ENOSPC, "No space left on device", "out/x"), "out/x: No space left on device. The disk is full"),
        (OSError(errno.EACCES, "Permission denied", "out/x"), "out/x: Permission denied. Look at its owner"),
        (OSError(errno.EROFS, "Read-only file system", "out/x"), "run this in a folder where this user may write"),
    ],
)
def test_an_error_of_the_client_or_of_a_file_says_what_to_do(error, said):
    assert said in explain(error) and type(error).__name__ not in explain(error)


def test_whoever_is_set_up_for_another_address_is_told_how_it_is_started(monkeypatch):
    error = EndpointConnectionError(endpoint_url="https://x")
    assert explain(error).endswith("AWS_ENDPOINT_URL.")
    monkeypatch.setenv("MAKE_VERB_PREFIX", "other-")
    assert explain(error).endswith("AWS_ENDPOINT_URL. `make other-up` starts again what this shell is set up for.")


def test_an_address_that_is_no_url_is_a_sentence_for_programs_doctor_and_notebooks(aws, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:5000")
    assert status.main([]) == 1
    said = capsys.readouterr().err
    assert "error: Invalid endpoint: 127.0.0.1:5000. An address must be a URL with http:// or https://" in said
    assert doctor.main([]) == 0
    assert "Invalid endpoint: 127.0.0.1:5000." in " ".join(capsys.readouterr().out.split())
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(Failure, match=r"No SageMaker answers here\. Invalid endpoint: 127"):
        notebook.find_account()


def test_a_profile_that_is_not_there_is_a_sentence_for_notebooks(aws, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(Failure, match=r"The config profile \(nobody\) could not be found\. Correct AWS_PROFILE"):
        notebook.find_account()


@pytest.mark.parametrize(
    "said, step",
    [
        ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", "Start Docker Desktop"),
        ("permission denied while trying to connect to the Docker daemon socket at unix:///x", "usermod -aG docker"),
        ("open /root/.docker/config.json: permission denied", ""),
    ],
)
def test_what_docker_says_of_its_engine_is_followed_by_what_to_do(said, step, tmp_path, monkeypatch):
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Failure) as failed:
        docker("image", "inspect", "x")
    assert str(failed.value).startswith(f"docker image failed: {said}")
    assert step in str(failed.value).removeprefix(f"docker image failed: {said}")
    assert bool(step) == (str(failed.value) != f"docker image failed: {said}")


def test_an_image_that_ecr_does_not_give_is_a_sentence_with_its_reason():
    assert one_image({"images": [{"imageManifest": "{}"}]}, "dogbreed-train") == {"imageManifest": "{}"}
    answer = {"images": [], "failures": [{"failureReason": "Requested image not found"}]}
    with pytest.raises(Failure, match="of an image in dogbreed-train: Requested image not found"):
        one_image(answer, "dogbreed-train")
