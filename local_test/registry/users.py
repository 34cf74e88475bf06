"""The two users of a service's registry. Their passwords are random and kept in the state folder, for its user alone.

AWS is who GetAuthorizationToken names; the other one is the service itself. A token of ECR ends after twelve hours;
this one is good as long as the file is there. Remove the file, and the next start makes others."""

import base64
import hashlib
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from contract.atomic_write import write_atomically

FILE = "registry_users.json"
AWS, SERVICE = "AWS", "local-sagemaker"  # nginx.conf knows the second one, who is under no rule


@dataclass(frozen=True)
class Credentials:
    user: str
    password: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The value of an Authorization header."""
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"

    @property
    def for_engine(self) -> dict[str, str]:
        """What docker-py takes as auth_config."""
        return {"username": self.user, "password": self.password}

    @property
    def hashed(self) -> str:
        """A line of nginx's auth_basic_user_file (https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html).

        One round of a salted SHA-1 is enough for a password of 256 random bits.
        """
        salt = secrets.token_bytes(8)
        digest = hashlib.sha1(self.password.encode() + salt).digest()
        return f"{self.user}:{{SSHA}}{base64.b64encode(digest + salt).decode()}"


@dataclass(frozen=True)
class Users:
    """aws: whom `docker login` names. service: ourselves, who also delete tags."""

    aws: Credentials
    service: Credentials


def kept_users(folder: Path) -> Users:
    """The users of the registry of this state folder; made when they are missing, or when others could read their
    passwords.
    """
    path = folder / FILE
    passwords = _read(path)
    if passwords is None:
        passwords = {user: secrets.token_urlsafe(32) for user in (AWS, SERVICE)}
        write_atomically(path, json.dumps(passwords), mode=0o600)
    return Users(*(Credentials(user, passwords[user]) for user in (AWS, SERVICE)))


def _read(path: Path) -> dict[str, str] | None:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
                return None
            passwords = json.load(file)
    except (OSError, ValueError):
        return None
    is_whole = isinstance(passwords, dict) and all(
        isinstance(passwords.get(user), str) and passwords[user] for user in (AWS, SERVICE)
    )
    return passwords if is_whole else None
