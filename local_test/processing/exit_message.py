"""ExitMessage of a processing job: what its containers wrote to /opt/ml/output/message. Pure functions.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html
"""

import codecs
from collections.abc import Iterable

BYTES = 1024


def exit_message(parts: Iterable[bytes | None]) -> str | None:
    """parts: the first bytes of each container's file, at least `BYTES` of a longer one, in the order of the hosts;
    None where there is no file. They are put together, and the first KB of that is the message; None without any.

    Raises ValueError for what is not UTF-8: the platform fails the job then."""
    text = "".join(_decoded(part[:BYTES]) for part in parts if part)
    return _decoded(text.encode()[:BYTES]) or None


def _decoded(part: bytes) -> str:
    """A character that the end of the KB cuts in two is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(part, final=len(part) < BYTES)
    except UnicodeDecodeError as error:
        raise ValueError("/opt/ml/output/message is not UTF-8 text.") from error
