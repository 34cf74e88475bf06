"""The HTML that all sections are made of: titles, cards, tables."""

from container.report.markup import text


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
