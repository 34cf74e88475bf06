"""Tables on stdout: in columns where the terminal has room for them, else a block of lines for each row."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.console.terminal import in_one_line, is_live

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

GAP = 2  # columns between two cells
NARROWEST = 20  # of the last column, whose text goes on below itself


@dataclass(frozen=True)
class Table:
    """titles: of the columns. rows: a cell for each. names: how many cells, from the first, name a row."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1

    def lines(self) -> list[str]:
        """One for the titles and one for each row, whatever its length: what a pipe gets."""
        rows = [[in_one_line(cell) for cell in row] for row in (self.titles, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        between = " " * GAP
        return [
            between.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.cells import cell_len
        from rich.table import Table as RichTable
        from rich.text import Text

        rows = [[in_one_line(cell) for cell in row] for row in self.rows]
        widths = [max(map(cell_len, column)) for column in zip(self.titles, *rows, strict=True)]
        room = options.max_width - sum(widths[:-1]) - GAP * (len(widths) - 2)  # beside all columns but the last
        if room < 0:
            yield from self._blocks(rows)
            return
        if room < GAP + min(widths[-1], NARROWEST):
            yield from self._last_below(rows, widths)
            return
        columns = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
        for number, title in enumerate(self.titles, 1):
            columns.add_column(title, no_wrap=number < len(self.titles))
        for row in rows:
            columns.add_row(*map(Text, row))
        yield columns

    def _last_below(self, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> "RenderResult":
        """Columns, but for the last cell of each row, which is below the others with its title."""
        from rich.cells import set_cell_size
        from rich.padding import Padding
        from rich.text import Text

        title = self.titles[-1]
        for style, row in (("bold", [*self.titles[:-1], ""]), *(("", row) for row in rows)):
            cells = (set_cell_size(cell, width) for cell, width in zip(row[:-1], widths, strict=False))
            yield Text((" " * GAP).join(cells).rstrip(), style=style)
            if row[-1]:
                yield Padding(Text(f"{title} {row[-1]}".lstrip()), (0, 0, 0, widths[0] + GAP))

    def _blocks(self, rows: Sequence[Sequence[str]]) -> "RenderResult":
        """The name of each row, and below it its other cells with their titles; empty ones are left out."""
        from rich.padding import Padding
        from rich.text import Text

        for row in rows:
            yield Text(" ".join(filter(None, row[: self.names])), style="bold")
            titled = zip(self.titles[self.names :], row[self.names :], strict=True)
            if others := ", ".join(f"{title} {cell}".lstrip() for title, cell in titled if cell):
                yield Padding(Text(others), (0, 0, 0, GAP))


def print_table(table: Table) -> None:
    """Raises OSError, as print does."""
    if is_live(sys.stdout):
        from scripts.console.display import console_of

        console_of(sys.stdout).print(table)
    else:
        print(table)
