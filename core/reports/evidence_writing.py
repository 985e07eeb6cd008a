"""Writes the evidence of a review to a folder, and records it in the Audit Trail of each office.

No folder exists under its own name until all of its files are on disk and every office that can be written to has an
entry with the SHA-256 of the manifest. If the process is killed in between, there may be an entry without a folder, but
never a folder whose entry is missing for that reason.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError
from core.base.partial_file import PartialFolder, remove_left_folders
from core.base.private_file import fsync_directory
from core.base.program_version import program_version
from core.model.actor import Actor
from core.model.evidence import ReviewEvidence, WrittenEvidence
from core.model.evidence_events import EvidenceRecorded
from core.reports.evidence_files import MANIFEST, SUMS, evidence_files, manifest, sha256_sums
from core.reports.report_file import writing
from core.seals.service import copy_safely

if TYPE_CHECKING:
    from core.office.office import Office
    from core.practice.unit_of_work import UnitOfWork

OnStep = Callable[[], None]
"""Called between the steps of sealing. An exception that it raises ends the sealing."""


@dataclass(frozen=True)
class RecordingOffice:
    """An open office that records the evidence.

    Attributes:
        name: The name by which results name it.
        office: The open office.
        actor: The user who records it.
        writable: False if nothing can be written to the practice.
    """

    name: str
    office: Office
    actor: Actor
    writable: bool = True


def write_evidence(
    evidence: ReviewEvidence, folder: Path, offices: Sequence[RecordingOffice], on_step: OnStep = lambda: None
) -> WrittenEvidence:
    """Write the folder, record it in each office, and seal the entry where the office has seals. Blocks.

    An office whose entry or seal fails is named in the result; the others follow.

    Args:
        evidence: The evidence.
        folder: The folder, from `report_target`, which doesn't exist.
        offices: The offices, in the order of the evidence.
        on_step: Called between steps.

    Raises:
        ExportFailed: The folder can't be written. Offices that had an entry already have another one, `NOT DONE`.
        ApiSetupError: No office of those that can be written to took the entry. There is no folder.
    """
    files = evidence_files(evidence)
    files[MANIFEST] = manifest(evidence, files)
    sha256 = hashlib.sha256(files[MANIFEST]).hexdigest()
    with writing(folder), PartialFolder(folder.parent) as partial:
        remove_left_folders(folder.parent)
        partial.create()
        for name, content in files.items():
            partial.write(name, content)
        partial.write(SUMS, sha256_sums(files))
        recordings = _Recordings(evidence.review, sha256)
        recordings.record(offices, lambda: _publish(partial, folder), lambda: partial.is_at(folder))
    seals = _seal(offices, recordings, on_step)
    return WrittenEvidence(str(folder), sha256, recordings.entries, seals, recordings.problems)


def _publish(partial: PartialFolder, folder: Path) -> None:
    with writing(folder):
        partial.publish(folder)
        # The folder is complete, whatever the disk says about its directory.
        with suppress(OSError):
            fsync_directory(folder.parent)


class _Recordings:
    """The entries about an evidence folder in several offices.

    Args:
        review: The name of the review.
        sha256: The SHA-256 of the manifest.

    Attributes:
        entries: The number of the entry by the name of the office.
        problems: The reason why an office has none, by its name.
    """

    def __init__(self, review: str, sha256: str) -> None:
        self._review = review
        self._sha256 = sha256
        self._open: list[tuple[str, AbstractContextManager[UnitOfWork]]] = []
        self.entries: dict[str, int] = {}
        self.problems: dict[str, str] = {}

    def record(
        self, offices: Sequence[RecordingOffice], publish: Callable[[], None], is_published: Callable[[], bool]
    ) -> None:
        """Write the entry of each office, then publish the folder. If that fails, `NOT DONE` follows in each office.

        Raises:
            ExportFailed: The folder can't be published.
            ApiSetupError: No office took the entry.
        """
        try:
            self._begin([each for each in offices if each.writable])
            publish()
        except BaseException:
            # A signal may arrive right after the folder got its name.
            failure = (None, None, None) if is_published() else sys.exc_info()
            for _, recording in self._open:
                # The error that is being raised says what happened.
                with suppress(ApiSetupError):
                    recording.__exit__(*failure)
            raise
        for name, recording in self._open:
            try:
                recording.__exit__(None, None, None)
            except ApiSetupError as error:
                self.problems[name] = str(error)

    def _begin(self, offices: Sequence[RecordingOffice]) -> None:
        failure: ApiSetupError | None = None
        for each in offices:
            event = EvidenceRecorded(self._review, each.actor.user_name, self._sha256)
            recording = each.office.recording(each.actor, event, writes_files=True)
            try:
                work = recording.__enter__()
            except ApiSetupError as error:
                failure, self.problems[each.name] = error, str(error)
                continue
            self._open.append((each.name, recording))
            self.entries[each.name] = work.rows[0].number
        if failure is not None and not self._open:
            raise failure


def _seal(offices: Sequence[RecordingOffice], recordings: _Recordings, on_step: OnStep) -> dict[str, int]:
    """Seal the entry in each office that has seals, and return the numbers of the seals by the offices' names."""
    seals: dict[str, int] = {}
    for each in offices:
        if each.name not in recordings.entries:
            continue
        try:
            number = _seal_one(each, on_step)
        except ApiSetupError as error:
            recordings.problems[each.name] = f"The entry isn't sealed: {error}"
            continue
        if number:
            seals[each.name] = number
    return seals


def _seal_one(each: RecordingOffice, on_step: OnStep) -> int:
    """Make a seal if the office seals its Audit Trail, and return its number; 0 if it doesn't."""
    service = each.office.seals
    if not service.seals() and not each.office.seals_daily:
        return 0
    sealing = service.sealing(each.actor, program_version())
    try:
        while not sealing.read_batch().complete:
            on_step()
        seal = sealing.store()
    finally:
        sealing.discard()
    not_copied = copy_safely(service, seal)
    if not_copied is not None:
        raise not_copied
    return seal.content.number
