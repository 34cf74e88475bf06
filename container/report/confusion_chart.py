"""The confusion matrix: its most confused pairs, and the matrix as a picture, a row for each true class and a column
for each predicted one.

Right answers lie on the diagonal in one colour, mistakes beside it in another; the darker, the larger their share of
the class."""

from container.report.markup import shortened, text
from container.report.shown_numbers import counted


def confused_pairs(matrix: list[list[int]], most: int) -> list[tuple[int, int, int]]:
    """Pairs of classes that the model confuses: (i, j, count) with i != j, the largest counts first, at most `most`.

    `matrix[i][j]`: pictures of class i that were predicted as j.
    """
    found = [
        (truth, said, count)
        for truth, row in enumerate(matrix)
        for said, count in enumerate(row)
        if truth != said and count > 0
    ]
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))[:most]


NAMED = 30  # up to so many classes every row and column has its name
CELLS_WITH_TITLES = 1500
CELL = 10
SHADES = 8


def confusion_chart(classes: list[str], matrix: list[list[int]]) -> str:
    """SVG of the matrix. With many classes the rows have numbers, and names under the pointer."""
    count = len(classes)
    cells = [
        (truth, said, n, n / sum(row))
        for truth, row in enumerate(matrix)
        for said, n in enumerate(row)
        if n > 0 and truth < count and said < count
    ]
    with_title = {one[:2] for one in sorted(cells, key=lambda one: (one[0] == one[1], -one[2]))[:CELLS_WITH_TITLES]}
    parts = []
    for truth, said, n, share in cells:
        shade = f"{0.35 + 0.65 * round(share * SHADES) / SHADES:.2g}"
        kind = "right" if truth == said else "wrong"
        at = (
            f"x='{said * CELL}' y='{truth * CELL}' width='{CELL}' height='{CELL}' class='{kind}' fill-opacity='{shade}'"
        )
        words = f"{classes[truth]} → {classes[said]}: {n} of {counted(sum(matrix[truth]), 'picture')}"
        parts.append(
            f"<rect {at}><title>{text(words)}</title></rect>" if (truth, said) in with_title else f"<rect {at}/>"
        )
    side = count * CELL
    frame = f"<rect class='frame' x='0' y='0' width='{side}' height='{side}'/>"
    # Names in the margins keep their size while the cells grow with the page, so they are lines of HTML beside the SVG.
    drawing = (
        f"<svg class='matrix' role='img' aria-label='Confusion matrix of {counted(count, 'class', 'classes')}' "
        f"viewBox='0 0 {side} {side}' preserveAspectRatio='none'>{frame}{''.join(parts)}</svg>"
    )
    named = count <= NAMED
    rows, columns = (_names(classes, 20), _names(classes, 14)) if named else (_numbers(count), _numbers(count))
    return (
        f"<div class='confusion {'named' if named else 'numbered'}' style='--n:{count}'><div "
        f"class='rows'>{rows}</div>{drawing}"
        f"<div class='columns'>{columns}</div></div>"
    )


def _names(classes: list[str], letters: int) -> str:
    return "".join(f"<span title='{text(one)}'><i>{text(shortened(one, letters))}</i></span>" for one in classes)


def _numbers(count: int) -> str:
    every = 10 if count <= 150 else 10 ** (len(str(count)) - 1)
    return "".join(
        f"<span style='--at:{(one - 0.5) / count:.4f}'>{one}</span>" for one in [1, *range(every, count + 1, every)]
    )
