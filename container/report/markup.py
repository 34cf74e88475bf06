"""The report's HTML: text from outside, and the titles, cards and tables that all sections are made of.

Text from outside is escaped in HTML and SVG, so that it can neither end a tag nor break the document.
"""

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


def section(anchor: str, title: str, body: str, without: str) -> str:
    """HTML of a section: its title above its content.

    Args:
        anchor: id of the element.
        title: plain text.
        body: HTML.
        without: plain text in the place of an empty body.
    """
    return f"<section id='{anchor}'><h2>{text(title)}</h2>{body or f'<p>{text(without)}</p>'}</section>"


def card(content: str, caption: str = "", note: str = "", kind: str = "", legend: str = "") -> str:
    """HTML of a figure on a background of its own.

    Args:
        content: HTML.
        caption, note: plain text, above the content.
        kind: more CSS classes.
        legend: plain text, what is drawn and what good looks like, for whoever sees such a chart for the first time.
    """
    said = f"<span class='legend'>{text(legend)}</span>" if legend else ""
    head = f"<figcaption><b>{text(caption)}</b> {text(note)}{said}</figcaption>" if caption else ""
    return f"<figure class='card {kind}'>{head}{content}</figure>"


def table(titles: list[str], rows: list[list[str]], numbers_from: int = 1) -> str:
    """HTML of a table.

    Args:
        titles: plain text, of the columns.
        rows: cells, HTML.
        numbers_from: columns from this one on are aligned right.
    """

    def cells(tag: str, row: list[str]) -> str:
        return "".join(
            f"<{tag}{' class=n' if place >= numbers_from else ''}>{cell}</{tag}>" for place, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<div class='wide'><table><thead><tr>{cells('th', titles)}</tr></thead><tbody>{body}</tbody></table></div>"


def pairs(values: dict[str, str]) -> str:
    """HTML of names and values from outside, in as many columns as there is room for."""
    rows = "".join(
        f"<div><dt>{text(name)}</dt><dd><bdi>{text(value)}</bdi></dd></div>" for name, value in values.items()
    )
    return f"<dl class='pairs card'>{rows}</dl>" if rows else ""
