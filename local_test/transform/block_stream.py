"""A body that comes block by block, as a file that Python's text and CSV readers take."""

import io
from collections.abc import Iterable


class BlockStream(io.RawIOBase):
    """Reads the blocks one after the other and holds one at a time. Raises what the blocks raise.

    ends_with_newline: whether the last byte that was read is a line end; False before the first.
    """

    def __init__(self, blocks: Iterable[bytes]):
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")
        self.ends_with_newline = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self.ends_with_newline = self._rest[size - 1] == ord("\n")
        self._rest = self._rest[size:]
        return size
