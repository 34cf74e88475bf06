"""Credentials that are looked for anew when AWS says that they have expired: whoever logs in while a program runs, or
has a tool that writes new keys into ~/.aws/credentials, need not start it again.

botocore renews by itself what has an end that it knows: roles, SSO, credential_process. It does not look again at keys
in a file, nor at a role whose own source are such keys.
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

import threading
from collections.abc import Callable
from typing import Any

from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, RefreshWithMFAUnsupportedError

from scripts.console.failure import has_expired

_HOOK = "current-credentials"


class CurrentCredentials:
    """What the requests of clients are signed with.

    found: botocore's credentials, as a session gives them. look: finds them anew; None where there are none any more.
    """

    def __init__(self, found: Credentials, look: Callable[[], Credentials | None]):
        self._found, self._look = found, look
        self._lock = threading.Lock()

    def sign_for(self, client: Any) -> None:
        """Sign the requests of a client of boto3's; a second time for the same one changes nothing.

        Of the client alone: those that botocore itself makes, to take on a role, have other credentials.
        """
        client.meta.events.register("before-sign", self._before_sign, unique_id=f"{_HOOK}-sign")
        client.meta.events.register("needs-retry", self._needs_retry, unique_id=f"{_HOOK}-retry")

    def _before_sign(self, request: Any, **_: Any) -> None:
        try:
            frozen = self._found.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:  # botocore could not renew them
            if not has_expired(error) or isinstance(error, RefreshWithMFAUnsupportedError):
                raise
            newer = self._newer_than(None)
            if newer is None:
                raise
            frozen = newer
        request.context.setdefault("signing", {})["request_credentials"] = Credentials(
            frozen.access_key, frozen.secret_key, frozen.token, account_id=frozen.account_id
        )

    def _needs_retry(self, response: Any, request_dict: dict[str, Any], operation: Any, **_: Any) -> float | None:
        """The seconds after which the request is made again, signed anew; None where there is nothing new."""
        if response is None or response[0].status_code < 400:
            return None
        if not has_expired(ClientError(response[1], operation.name)):
            return None
        used = request_dict["context"].get("signing", {}).get("request_credentials")
        return 0 if used and self._newer_than(used.get_frozen_credentials()) else None

    def _newer_than(self, used: ReadOnlyCredentials | None) -> ReadOnlyCredentials | None:
        """Credentials other than those used, which many threads may ask for at once. None: there are no others.

        used: None where they could not even be had.
        """
        with self._lock:
            try:
                if used and (now := self._found.get_frozen_credentials()) != used:
                    return now  # another thread was here before
                fresh = self._look()
                frozen = fresh.get_frozen_credentials() if fresh else None
            except (BotoCoreError, ClientError):  # what AWS said first is what to tell
                return None
            if fresh is None or frozen == used:
                return None
            self._found = fresh
            return frozen
