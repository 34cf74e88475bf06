"""Text that functions of the user's put into the head of a response.

multi-model-server sends it as it is: a line break in it would begin another header, or the body, and a name that is
none breaks the response off. Its codec counts the characters of the phrase and of the content type but sends their
bytes, so these must be ASCII."""

import re

NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2


def is_sendable(text: object) -> bool:
    """As a content type or as a part of the phrase."""
    return isinstance(text, str) and text.isascii() and text.isprintable()


def one_line_of_ascii(text: str) -> str:
    """`text` with ? for what cannot be sent."""
    return "".join(one if is_sendable(one) else "?" for one in " ".join(text.split()))


def take_out_unsendable(headers: dict[str, str]) -> list[str]:
    """Take those out of `headers` that cannot be sent; their names, as Python writes them."""
    bad = [
        name
        for name, value in headers.items()
        if not (_is_name(name) and isinstance(value, str) and value.replace("\t", " ").isprintable())
    ]
    for name in bad:
        del headers[name]
    return [repr(name) for name in bad]


def _is_name(name: object) -> bool:
    return isinstance(name, str) and NAME.fullmatch(name) is not None
