"""Chance, by place: what is random in a step follows from the seed and the step's number alone.

So a step may be prepared before its turn, in another thread or on another machine, and a run that was interrupted goes
on with the very pictures that it would have had."""

import hashlib

import torch


def seed_for(seed: int, *place: int) -> int:
    """A seed of its own, 32 bits, for a place such as (epoch, step)."""
    text = " ".join(str(number) for number in (seed, *place))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def random_for(seed: int, *place: int) -> torch.Generator:
    """A generator of its own for a place."""
    return torch.Generator().manual_seed(seed_for(seed, *place))
