"""Text from outside as HTML and SVG: escaped, so that it can neither end a tag nor break the document."""

import html
import re

# Neither XML 1.0 (section 2.2) nor HTML takes these, not even escaped. Surrogates come from file names that are no
# UTF-8.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def text(content: object) -> str:
    """Escape for the inside of an element, or of an attribute in quotes of either kind."""
    return html.escape(_FORBIDDEN.sub("\ufffd", str(content)))


def name(content: str) -> str:
    """HTML of a name that may be written from right to left: it does not reverse the text around it. Where there is
    little room it breaks after an underscore.
    """
    return f"<bdi>{text(content).replace('_', '_<wbr/>')}</bdi>"


def shortened(content: str, most: int) -> str:
    """At most `most` characters, the middle left out: long names often differ at their end."""
    if len(content) <= most:
        return content
    end = (most - 1) // 3
    return f"{content[: most - 1 - end]}…{content[-end:] if end else ''}"


def plain(markup: str) -> str:
    """The text of HTML that was made with `text` and `name`: without its tags, and nothing in it escaped."""
    return html.unescape(re.sub("<[^>]*>", "", markup))
