"""TensorBoard's event file of a run: its scalars by step, and its hyperparameters for the tab HPARAMS.

https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/hparams/plugin_data.proto

Its protocol buffers are written here, field by field, each with its number and kind
(https://protobuf.dev/programming-guides/encoding): smdebug's generated code, which is in the image, takes seconds to
import, which a trial on features has not, and is of a TensorFlow before the tab HPARAMS.
"""

import struct
from collections.abc import Mapping
from pathlib import Path

from contract.tf_record import tf_record

_VERSION = "brain.Event:2"
_PLUGIN = "hparams"
_SESSION_START, _SESSION_END = "_hparams_/session_start_info", "_hparams_/session_end_info"
_STATUS = {"Completed": 1, "Failed": 2}  # STATUS_SUCCESS, STATUS_FAILURE; of a run that was stopped it is not known
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5


class EventFile:
    """Writes an event file; what is written is there at once. Its methods raise OSError. Times: seconds since 1970."""

    def __init__(self, folder: Path, host: str, started: float):
        """Make the file in `folder`, where TensorBoard knows it by its name."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"events.out.tfevents.{started:010.0f}.{host}"
        self._path.write_bytes(b"")  # not one of an earlier run in the same second
        self._write(started, 0, text(3, _VERSION))

    def hyperparameters(self, values: Mapping[str, str], started: float) -> None:
        """Once, before the scalars. What reads as a number or as true or false is one."""
        entries = b"".join(
            message(1, text(1, name) + message(2, _value(value))) for name, value in sorted(values.items())
        )
        self._plugin(_SESSION_START, message(3, entries + double(5, started)), started)

    def scalars(self, step: int, values: Mapping[str, float], when: float) -> None:
        found = b"".join(message(1, text(1, name) + single(2, value)) for name, value in values.items())
        self._write(when, step, message(5, found))

    def close(self, status: str, when: float) -> None:
        """status: of the run, as in its report."""
        known = integer(1, _STATUS[status]) if status in _STATUS else b""
        self._plugin(_SESSION_END, message(4, known + double(2, when)), when)

    def _plugin(self, tag: str, data: bytes, when: float) -> None:
        """data: one of HParamsPluginData's fields. Its version, 0, is not written."""
        metadata = message(1, text(1, _PLUGIN) + message(2, data))
        self._write(when, 0, message(5, message(1, text(1, tag) + message(9, metadata))))

    def _write(self, when: float, step: int, what: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(tf_record(double(1, when) + integer(2, step) + what))


def _value(given: str) -> bytes:
    """google.protobuf.Value of a hyperparameter."""
    if given in ("true", "false"):
        return integer(4, given == "true")
    try:
        return double(2, float(given))
    except ValueError:
        return text(3, given)


def integer(field: int, value: int) -> bytes:
    """An int32, int64, bool or enum; value: 0 or more."""
    return _varint(field << 3 | _VARINT) + _varint(value)


def double(field: int, value: float) -> bytes:
    return _varint(field << 3 | _EIGHT_BYTES) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    """A float of 32 bits; what is beyond it is infinite."""
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        packed = struct.pack("<f", float("inf") if value > 0 else float("-inf"))
    return _varint(field << 3 | _FOUR_BYTES) + packed


def message(field: int, content: bytes) -> bytes:
    """A message within another, or bytes."""
    return _varint(field << 3 | _LENGTH) + _varint(len(content)) + content


def text(field: int, value: str) -> bytes:
    return message(field, value.encode())


def _varint(value: int) -> bytes:
    """Seven bits in each byte, the lowest first; the eighth says that more follow."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
