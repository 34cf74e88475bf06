"""How far this machine's clock is from AWS's, which refuses a signature that is a quarter of an hour old.

S3 says so (RequestTimeTooSkewed), other services that the signature does not match or has expired.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from botocore.exceptions import ClientError

REFUSED_FROM = timedelta(minutes=5)  # AWS allows 5 minutes, or 15, by service
CODES = (
    "RequestTimeTooSkewed",
    "RequestExpired",
    "RequestInTheFuture",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
)


def clock_skew(error: Exception, now: datetime | None = None) -> timedelta | None:
    """How far this clock is ahead of AWS's (below zero: behind), by the Date of the answer; None where that is not
    what AWS refused. now: UTC.
    """
    if not isinstance(error, ClientError) or error.response.get("Error", {}).get("Code") not in CODES:
        return None
    try:
        date = parsedate_to_datetime(error.response["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, TypeError, ValueError):  # no answer of a web server, or none that tells the time
        return None
    ahead = (now or datetime.now(UTC)) - (date if date.tzinfo else date.replace(tzinfo=UTC))
    return ahead if abs(ahead) >= REFUSED_FROM else None


def in_words(ahead: timedelta) -> str:
    """`timedelta(minutes=-42)` -> `42 minutes behind`, before the name of the other clock."""
    minutes = round(abs(ahead).total_seconds() / 60)
    span = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
    return f"{span} {'ahead of' if ahead > timedelta() else 'behind'}"
