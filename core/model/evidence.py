"""The evidence of a review: what was reviewed and decided, and how far the Audit Trail can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.model.key_note import KeyNote
from core.model.monthly_report import ChangeLine, MissingOffice, OfficeInfo, OwnEntry, SealFact
from core.model.review import ReviewProgress


@dataclass(frozen=True)
class TrailCheck:
    """The result of verifying all entries of the Audit Trail."""

    checked: int
    hash_matches: int
    altered: int
    without_hash: int
    older_than_first_hash: int
    """The number of entries from before Open Dental kept hashes."""
    deleted: int
    """The number of entries that were deleted and left their hash."""
    implausible: tuple[str, ...]
    """The findings that aren't plausible although hashes match, one sentence each."""
    explained: tuple[str, ...]
    """The findings that look like such ones and are explained."""
    entries: tuple[ChangeLine, ...]
    """The first entries that were altered or have no hash."""
    clean: bool


@dataclass(frozen=True)
class SealCheck:
    """The result of comparing the Audit Trail with its seals."""

    seals: int
    as_sealed: int
    not_sealed_yet: int
    altered: int
    inserted: int
    deleted: int
    explained: int
    """The number of sealed entries that Open Dental itself removed or changed."""
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    last: SealFact | None
    last_line: str
    """The last seal as one line, which can be compared with a copy that was kept elsewhere; blank for none."""
    clean: bool


@dataclass(frozen=True)
class OfficeEvidence:
    """The evidence of a review in one office. A part that couldn't be read is None, and `unknown` says why."""

    office: str
    """The name in the configuration file; blank for an office without one."""
    info: OfficeInfo
    progress: ReviewProgress
    notes: Mapping[str, KeyNote] | None
    """The present notes on keys, by fingerprint; the review has those of its start."""
    entries: tuple[OwnEntry, ...] | None
    """The entries about the review and its keys while it was under way, oldest first."""
    unlisted: int
    """The number of entries of API Setup in that time that were too many to look at."""
    trail: TrailCheck | None
    seals: SealCheck | None
    not_recorded: str
    """The reason why the practice gets no entry about this evidence; blank if it gets one."""
    unknown: tuple[str, ...]

    @property
    def name(self) -> str:
        """The office as a heading names it."""
        return self.office or self.info.title

    @property
    def is_clean(self) -> bool:
        """False if the verification of the Audit Trail found something, or the comparison with its seals did."""
        # An office without seals has one problem: that there are none.
        seals_are_clean = self.seals is None or not self.seals.seals or self.seals.clean
        return seals_are_clean and (self.trail is None or self.trail.clean)


@dataclass(frozen=True)
class ReviewEvidence:
    """The evidence of a review in one or many offices."""

    review: str
    written_at: datetime
    """The time of the computer that wrote it."""
    program: str
    offices: tuple[OfficeEvidence, ...]
    missing: tuple[MissingOffice, ...] = ()


@dataclass(frozen=True)
class WrittenEvidence:
    """An evidence folder that was written."""

    folder: str
    sha256: str
    """The SHA-256 of the manifest in hex."""
    entries: Mapping[str, int] = field(default_factory=dict)
    """The number of the entry that records it, by the name of the office; offices without one are left out."""
    seals: Mapping[str, int] = field(default_factory=dict)
    """The number of the seal that covers the entry, by the name of the office."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """The reason why an office has no entry or no seal, though it should have one."""
