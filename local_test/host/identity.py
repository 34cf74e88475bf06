"""Who a service is, and whom it obeys: a random name and a random access key, kept in its folder for its user alone."""

import json
import os
import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contract.atomic_write import write_atomically
from local_test.host.command import COMMAND

FILE = "identity.json"
KEY_LETTERS = string.ascii_uppercase + "234567"  # as AWS's key ids


@dataclass(frozen=True)
class AccessKey:
    """session_token, expires: of temporary keys only."""

    id: str
    secret: str
    session_token: str | None = None
    expires: datetime | None = None


@dataclass(frozen=True)
class Identity:
    """name: in the labels of everything that the service makes. No other service has it, also where another folder has
    the same path.
    """

    name: str
    access_key: AccessKey


def read_identity(folder: Path) -> Identity | None:
    """None before the first start of the folder's service. Raises OSError where the folder is another user's, and
    ValueError, a message, for a damaged file.
    """
    try:
        found = json.loads((folder / FILE).read_text())
        return Identity(found["name"], AccessKey(found["access_key_id"], found["secret_access_key"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{folder / FILE}, with the name and the key of this folder's local SageMaker, is damaged. Put a copy "
            f"back, or move it away and start again: the key is another then, and shells need `{COMMAND} env` anew."
        ) from error


def access_key_of(folder: Path) -> AccessKey:
    """What this folder's service obeys. Raises FileNotFoundError before its first start."""
    if found := read_identity(folder):
        return found.access_key
    raise FileNotFoundError(f"{folder} has no local SageMaker yet. Start one: {COMMAND} up --folder {folder}")


def identity_of(folder: Path) -> Identity:
    """The folder's identity, made when there is none. Call it while the folder is held: two would else make two."""
    if found := read_identity(folder):
        return found
    made = Identity(f"local-sagemaker-{secrets.token_hex(8)}", new_access_key("AKIA"))
    content = {"name": made.name, "access_key_id": made.access_key.id, "secret_access_key": made.access_key.secret}
    write_atomically(folder / FILE, json.dumps(content, indent=2), mode=0o600)
    return made


def new_access_key(prefix: str, session_token: str | None = None, expires: datetime | None = None) -> AccessKey:
    """prefix: AKIA for one that stays, ASIA for one that ends."""
    return AccessKey(
        prefix + "".join(secrets.choice(KEY_LETTERS) for _ in range(16)),
        secrets.token_urlsafe(30),
        session_token,
        expires,
    )


def make_private(folder: Path) -> None:
    """Make the folder, and close it to everybody else: it holds keys, models, environments and everybody's pictures.

    Raises PermissionError for a folder of another user, who could read and replace what is in it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user: name a folder of your own with --folder.")
    folder.chmod(0o700)
