"""The environment variables that lead a shell's clients to the interception, and those that it had before.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html (AWS_CA_BUNDLE; HTTPS_PROXY and NO_PROXY)
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from local_test.api.aws_hosts import DOMAINS
from local_test.host.certificate_bundles import VARIABLES as BUNDLES
from local_test.interception.settings import USER
from local_test.interception.upstream import Upstream

PROXIES = ("HTTPS_PROXY", "https_proxy")
EXCEPTIONS = ("NO_PROXY", "no_proxy")
# Node.js: https://nodejs.org/api/cli.html#node_extra_ca_certsfile
CHANGED = (*PROXIES, *EXCEPTIONS, *BUNDLES, "NODE_EXTRA_CA_CERTS")
BEFORE = (
    "LOCAL_SAGEMAKER_BEFORE"  # the shell's own values of these, as the query of a URL: no character in it needs care
)


def before(present: Mapping[str, str]) -> dict[str, str]:
    """The environment as it was before an interception changed it; the same where none did, or it was changed since."""
    kept = {name: value for name, value in present.items() if name != BEFORE}
    if BEFORE not in present or not is_ours(present.get(PROXIES[0], "")):
        return kept
    own = dict(parse_qsl(present[BEFORE], keep_blank_values=True))
    return {name: value for name, value in kept.items() if name not in CHANGED} | own


def is_ours(proxy: str) -> bool:
    """Whether the URL of a proxy is that of a local SageMaker."""
    return urlsplit(proxy).username == USER


def upstream_of(own: Mapping[str, str]) -> Upstream:
    """own: a shell's environment without any interception. curl and Go prefer the lower-case names, too."""
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    proxy = next((own[name] for name in names if own.get(name)), "")
    return Upstream(proxy, own.get("no_proxy") or own.get("NO_PROXY", ""))


def intercepting(own: Mapping[str, str], proxy: str, bundle: str) -> dict[str, str]:
    """The variables to set. own: the shell's without any interception. proxy: URL of ours. bundle: path of the CA
    bundle.
    """
    mine = {name: own[name] for name in CHANGED if name in own}
    return {
        **dict.fromkeys(PROXIES, proxy),
        **dict.fromkeys((*BUNDLES, "NODE_EXTRA_CA_CERTS"), bundle),
        **{name: without_aws(own.get(name, "")) for name in EXCEPTIONS},
        BEFORE: urlencode(mine),
    }


def without_aws(no_proxy: str) -> str:
    """NO_PROXY without what would let a host of AWS's by: `*`, `.amazonaws.com`, `s3.amazonaws.com`, `.com`."""
    hosts = [one.strip() for one in no_proxy.split(",")]
    return ",".join(one for one in hosts if one and not _touches_aws(one))


def _touches_aws(entry: str) -> bool:
    name = entry.lower().removeprefix("*").strip(".").partition(":")[0]
    return not name or any(f".{domain}".endswith(f".{name}") or name.endswith(f".{domain}") for domain in DOMAINS)
