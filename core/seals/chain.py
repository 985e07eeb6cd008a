"""The chain of a practice's seals, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.opendental.entry_digest import number_moment
from core.seals.seal import Seal
from core.seals.signing import is_signed_by, short_key


@dataclass(frozen=True)
class ChainProblem:
    """Something that is wrong with a chain."""

    sentence: str
    proves_nothing: tuple[int, ...] = ()
    """The numbers of the seals that prove nothing because of it."""


def check_chain(
    seals: Sequence[Seal], database: str, public_key: str = "", *, complete: bool = True
) -> list[ChainProblem]:
    """Return what is wrong with a chain of seals.

    Args:
        seals: The seals, in the order of their numbers.
        database: The fingerprint of the practice; empty if it isn't known.
        public_key: The key that is known to be right; empty to trust the first seal's.
        complete: True if all seals should be there, from the first one on.
    """
    problems = [*_foreign(seals, database), *_unsigned(seals)]
    problems += _wrong_keys(seals, public_key)
    for before, seal in pairwise(seals):
        if complete or seal.content.number == before.content.number + 1:
            problems += _wrong_links(before, seal)
    if not complete:
        return problems
    if seals and seals[0].content.number > 1:
        problems.append(ChainProblem(f"{_range(1, seals[0].content.number - 1)} missing."))
    return problems


def clock_notes(seals: Sequence[Seal]) -> list[str]:
    """Return a sentence for each seal whose time is before that of the seal before it."""
    pairs = pairwise(seals)
    return [
        f"Between seal {before.content.number} and seal {seal.content.number} the server's clock went back from"
        f" {_time(before)} to {_time(seal)}. Entries of that time may seem to be older than they are."
        for before, seal in pairs
        if seal.content.sealed_at < before.content.sealed_at
    ]


def _foreign(seals: Sequence[Seal], database: str) -> Iterator[ChainProblem]:
    for seal in seals:
        if database and seal.content.database != database:
            name = seal.content.practice or "without a title"
            yield ChainProblem(
                f"Seal {seal.content.number} belongs to another practice ({name}), so it proves nothing here.",
                (seal.content.number,),
            )


def _unsigned(seals: Sequence[Seal]) -> Iterator[ChainProblem]:
    for seal in seals:
        if not is_signed_by(seal, seal.content.public_key):
            yield ChainProblem(
                f"The signature of seal {seal.content.number} is wrong: the seal was changed after it was signed.",
                (seal.content.number,),
            )


def _wrong_keys(seals: Sequence[Seal], public_key: str) -> Iterator[ChainProblem]:
    """Yield the seals whose key isn't the one that the seal before named.

    A seal holds the hash of the one before it, so a key that is known to be right vouches for earlier seals, too.
    """
    if public_key and seals and all(seal.content.public_key != public_key for seal in seals):
        yield ChainProblem(
            f"No seal is signed with the given key ({short_key(public_key)}): they are forged, or the key is that of"
            " another office.",
            tuple(seal.content.number for seal in seals),
        )
    for before, seal in pairwise(seals):
        if seal.content.number != before.content.number + 1:
            # The seals in between are missing, which is reported; one of them may record a change of the key.
            continue
        expected, key = before.content.next_key, seal.content.public_key
        if key != expected:
            yield ChainProblem(
                f"Seal {seal.content.number} is signed with another key ({short_key(key)}) than the one that seal"
                f" {before.content.number} names ({short_key(expected)}). The change of the key isn't sealed, so the"
                " seal may be forged.",
                (seal.content.number,),
            )


def _wrong_links(before: Seal, seal: Seal) -> Iterator[ChainProblem]:
    number, expected = seal.content.number, before.content.number + 1
    if number > expected:
        yield ChainProblem(f"{_range(expected, number - 1)} missing. Look for copies of the companion or of seal_dir.")
    elif seal.content.previous != before.sha256:
        yield ChainProblem(
            f"Seal {number} doesn't follow seal {before.content.number}: it names another seal before it. One of the"
            " two was exchanged.",
            (number,),
        )


def _range(first: int, last: int) -> str:
    return f"Seal {first} is" if first == last else f"Seals {first} to {last} are"


def _time(seal: Seal) -> str:
    moment = number_moment(seal.content.sealed_at)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "an unknown time"
