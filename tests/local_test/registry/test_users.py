"""The passwords of a registry's users: random, kept, and for the user of the state folder alone."""

import base64
import hashlib
import json
import stat

import pytest

from local_test.registry.users import FILE, Credentials, kept_users


def test_users_are_made_once_for_a_folder(tmp_path):
    made = kept_users(tmp_path)
    assert (made.aws.user, made.service.user) == ("AWS", "local-sagemaker")
    assert kept_users(tmp_path) == made
    other = tmp_path / "other"
    other.mkdir()
    passwords = [user.password for users in (made, kept_users(other)) for user in (users.aws, users.service)]
    assert len(set(passwords)) == 4 and min(map(len, passwords)) >= 43


def test_their_file_is_readable_by_its_user_alone(tmp_path):
    kept_users(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_passwords_that_others_could_read_are_replaced(tmp_path, mode):
    made = kept_users(tmp_path)
    (tmp_path / FILE).chmod(mode)
    assert kept_users(tmp_path).aws.password != made.aws.password
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"AWS": "x"}', '{"AWS": "", "local-sagemaker": ""}', '{"AWS": 1, "local-sagemaker": 2}']
)
def test_a_broken_file_is_replaced(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    (tmp_path / FILE).chmod(0o600)
    made = kept_users(tmp_path)
    assert json.loads((tmp_path / FILE).read_text()) == {
        "AWS": made.aws.password,
        "local-sagemaker": made.service.password,
    }


def test_a_link_to_another_file_is_replaced_and_the_other_file_stays(tmp_path):
    planted = tmp_path / "planted"
    planted.write_text(json.dumps({"AWS": "known", "local-sagemaker": "known"}))
    planted.chmod(0o600)
    (tmp_path / FILE).symlink_to(planted)
    assert kept_users(tmp_path).aws.password != "known"
    assert "known" in planted.read_text() and not (tmp_path / FILE).is_symlink()


def test_a_password_is_not_shown_with_its_user():
    assert "secret" not in repr(Credentials("AWS", "secret"))


def test_nginx_gets_a_salted_hash():
    one, other = (Credentials("AWS", "password").hashed for _ in range(2))
    assert one != other
    user, _, digest_and_salt = one.partition(":{SSHA}")
    digest, salt = base64.b64decode(digest_and_salt)[:20], base64.b64decode(digest_and_salt)[20:]
    assert user == "AWS" and digest == hashlib.sha1(b"password" + salt).digest()
