"""The same picture in two splits, or twice in one, found by the content of its file.

A model that has learnt from a test picture looks better on it than it is: such pictures are left out of training. So is
what training has seen already, and only the first of the classes that a picture is given counts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from container.data.class_folders import Split
from contract.data_files import some

Row = tuple[Split, int]  # a picture, by its position in a split


@dataclass(frozen=True)
class RepeatedPictures:
    """left_out: positions in the split train that are not trained on. warnings: sentences, without their end."""

    left_out: tuple[int, ...]
    warnings: tuple[str, ...]


def find_repeated(
    splits: Mapping[str, Split], digests: Mapping[str, Sequence[bytes]], unreadable: Mapping[str, Collection[int]]
) -> RepeatedPictures:
    """Find the pictures of a run that are there more than once.

    Args:
        splits: by name, train first.
        digests: SHA-256 of each file of a split, by position.
        unreadable: positions of pictures that are left out anyway.

    A class of train that would have no picture left keeps those that it has: whoever gives the same folder twice wants
    to see a model learn it.
    """
    first: dict[str, dict[bytes, int]] = {}
    again: dict[str, list[tuple[Row, Row]]] = {}
    for name, split in splits.items():
        first[name], again[name] = {}, []
        for row in range(len(split.paths)):
            if row in unreadable[name]:
                continue
            earlier = first[name].setdefault(digests[name][row], row)
            if earlier != row:
                again[name].append(((split, row), (split, earlier)))
    train = splits["train"]
    shared: dict[str, list[tuple[Row, Row]]] = {
        name: [
            ((train, row), (split, first[name][digests["train"][row]]))
            for row in range(len(train.paths))
            if row not in unreadable["train"] and digests["train"][row] in first[name]
        ]
        for name, split in splits.items()
        if name != "train"
    }
    repeated = {row for pairs in (again["train"], *shared.values()) for (_, row), _ in pairs}
    kept = _kept(train, digests["train"], repeated, unreadable["train"])
    everything = [pair for pairs in (*again.values(), *shared.values()) for pair in pairs]
    held_out = {row for pairs in shared.values() for (_, row), _ in pairs}
    again["train"] = [pair for pair in again["train"] if pair[0][1] not in held_out]  # said once is enough
    warnings = [
        *_warnings_of_shared(shared, kept),
        *_warnings_of_kept(train, kept),
        *_warnings_of_twice(again),
        *_warnings_of_held_out(splits, first),
        *_warnings_of_classes(everything),
    ]
    return RepeatedPictures(tuple(sorted(repeated - kept)), tuple(warnings))


def _kept(train: Split, digests: Sequence[bytes], repeated: set[int], unreadable: Collection[int]) -> set[int]:
    """Of the pictures that would be left out those of classes that would have none, each picture once."""
    left = {label for row, label in enumerate(train.labels) if row not in repeated and row not in unreadable}
    kept: dict[tuple[int, bytes], int] = {}
    for row in sorted(repeated):
        if train.labels[row] not in left:
            kept.setdefault((train.labels[row], digests[row]), row)
    return set(kept.values())


def _warnings_of_shared(shared: Mapping[str, list[tuple[Row, Row]]], kept: set[int]) -> list[str]:
    return [
        f"{_said(left_out, 'of channel train', f'in channel {name}, too')}: left out of training, since a model looks "
        "better than it is on pictures that it has learnt from"
        for name, pairs in shared.items()
        if (left_out := [pair for pair in pairs if pair[0][1] not in kept])
    ]


def _warnings_of_kept(train: Split, kept: set[int]) -> list[str]:
    classes = sorted({train.classes[train.labels[row]] for row in kept})
    if not classes:
        return []
    return [
        f"every picture that channel train has of {some(classes)} is elsewhere, too, in another channel or class: they "
        "are trained on all the same, and accuracy on them says nothing about new pictures"
    ]


def _warnings_of_twice(again: Mapping[str, list[tuple[Row, Row]]]) -> list[str]:
    return [
        f"{_said(pairs, f'of channel {name}', 'in it a second time')}: "
        + ("each is learnt from once" if name == "train" else "each counts in its figures as often as it is there")
        for name, pairs in again.items()
        if pairs
    ]


def _warnings_of_held_out(splits: Mapping[str, Split], first: Mapping[str, Mapping[bytes, int]]) -> list[str]:
    if "test" not in splits:
        return []
    pairs = [
        ((splits["test"], row), (splits["valid"], first["valid"][digest]))
        for digest, row in first["test"].items()
        if digest in first["valid"]
    ]
    if not pairs:
        return []
    return [
        f"{_said(pairs, 'of channel test', 'in channel valid, too')}: the best epoch is chosen by them, and accuracy "
        "on them is a little better than on new pictures"
    ]


def _warnings_of_classes(pairs: list[tuple[Row, Row]]) -> list[str]:
    differing: dict[tuple[str, int], tuple[Row, Row]] = {}
    for pair in pairs:
        (one, row), (other, at) = pair
        if one.labels[row] != other.labels[at]:
            differing.setdefault((one.name, row), pair)
    if not differing:
        return []
    return [
        f"{_said(list(differing.values()), 'of these', 'in another class elsewhere')}: one of the two classes must be "
        "wrong"
    ]


def _said(pairs: list[tuple[Row, Row]], of: str, where: str) -> str:
    """`3 pictures of channel train are in channel valid, too (the first is train/A/a.jpg, as valid/A/b.jpg)`."""
    count = len(pairs)
    first, other = (f"{split.name}/{split.paths[row].parent.name}/{split.paths[row].name}" for split, row in pairs[0])
    named = f"the first is {first}, as {other}" if count > 1 else f"{first}, as {other}"
    return f"{count:,} picture{'s' * (count > 1)} {of} {'are' if count > 1 else 'is'} {where} ({named})"
