"""The policy documents of scripts/policies/, filled in for one project: one for each verb, one for the execution role.

They are the one list of permissions: `bootstrap` makes the role by them and prints them, `doctor` asks IAM about them.
The Sid of a statement that a verb can do without, or that belongs to one of its options, begins with Optional.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.aws.clients import Aws
from scripts.config import names

FOLDER = Path(__file__).parents[1] / "policies"
# What the verbs of day-to-day work need, in the order in which one uses them.
VERBS = (
    "push",
    "upload",
    "train",
    "tune",
    "report",
    "deploy",
    "predict",
    "transform",
    "logs",
    "status",
    "stop",
    "delete",
)
ROLE, TRUST, TLS_ONLY = "execution-role", "execution-role-trust", "bucket-tls-only"
OPTIONAL = "Optional"
_PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Za-z:]*)\}")


@dataclass(frozen=True)
class Places:
    """What the resources' ARNs are made of.

    role: the execution role's ARN; '' where none is set. inputs: `bucket/key` of what jobs read that does not lie under
    the project's own prefix; every key that begins so is meant. shell: whether one may open a shell in a training job.
    """

    partition: str
    region: str
    account: str
    bucket: str
    prefix: str
    role: str
    inputs: tuple[str, ...] = ()
    shell: bool = False


def places_of(aws: Aws) -> Places:
    """Call it once the credentials are known to be good."""
    partition = aws.identity["Arn"].split(":")[1]
    role = aws.role_arn if aws.settings.role else ""
    return Places(
        partition,
        aws.region,
        aws.account,
        aws.layout.bucket,
        aws.settings.prefix,
        role,
        _inputs_elsewhere(aws),
        aws.settings.train.shell,
    )


def policy_document(name: str, places: Places) -> dict[str, Any]:
    """The policy document `name`, ready for IAM. A statement without any resource is left out: without a role there is
    none to pass, and without inputs elsewhere there are none to read.
    """
    values = _values(places)
    policy: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    filled = [_filled(statement, values) for statement in policy["Statement"]]
    return {**policy, "Statement": [one for one in filled if one.get("Resource") != []]}


def listed(value: str | list[str]) -> list[str]:
    """An Action or a Resource of a statement, which may be one or a list."""
    return [value] if isinstance(value, str) else value


def _inputs_elsewhere(aws: Aws) -> tuple[str, ...]:
    train, own = aws.settings.train, f"{aws.layout.root}/"
    uris = [uri for uri in (train.data, train.pretrained) if not uri.startswith(own)]
    found = (re.fullmatch("s3://([^/]+)/?(.*)", uri) for uri in uris)  # what is no such URI, `train` refuses
    return tuple(f"{one[1]}/{one[2]}" for one in found if one)


def _values(places: Places) -> Mapping[str, tuple[str, ...]]:
    """By placeholder: what takes its place. Text with a placeholder of several values becomes several texts."""
    # These are patterns in a policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    literal = [re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", one) for one in places.inputs]
    return {
        "AWS::Partition": (places.partition,),
        "AWS::Region": (places.region,),
        "AWS::AccountId": (places.account,),
        "Bucket": (places.bucket,),
        "Prefix": (places.prefix,),
        "TuningPrefix": (names.tuning_prefix(places.prefix),),
        "Role": (places.role,) if places.role else (),
        "AnyForShell": ("*",) if places.shell else (),
        "InputBucket": tuple(dict.fromkeys(one.partition("/")[0] for one in places.inputs)),
        "InputObjects": tuple(f"{one}*" for one in literal),
    }


def _filled(value: Any, values: Mapping[str, tuple[str, ...]]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, values) for key, one in value.items()}
    texts = [text for one in listed(value) for text in _expanded(one, values)]
    return texts[0] if len(texts) == 1 else texts


def _expanded(text: str, values: Mapping[str, tuple[str, ...]]) -> list[str]:
    parts = _PLACEHOLDER.split(text)  # every second one is a placeholder's name
    choices = [values[part] if number % 2 else (part,) for number, part in enumerate(parts)]
    return ["".join(chosen) for chosen in itertools.product(*choices)]
