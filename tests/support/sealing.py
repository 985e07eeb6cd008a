"""Seals for tests: made and verified as the program does, and a forger who knows Open Dental's hash."""

from __future__ import annotations

from pathlib import Path

from core.audit.filter import AuditFilter
from core.audit.verification_report import VerificationReport
from core.model.actor import Actor
from core.office.office import Office
from core.seals.key_source import SealKeyFile
from core.seals.seal import Seal
from core.seals.seal_report import SealReport, Tampering
from core.seals.service import SealService, SealSettings
from tests.support.databases import SamplePractice
from tests.support.practice_rows import Row, log_hash

ACTOR = Actor(1, "Admin", "server-1, 203.0.113.9")


def use_key_file(office: Office, directory: Path, seal_dir: Path | None = None) -> Path:
    """Have an office sealed with a key file in a directory, and return the file."""
    path = directory / "seal-key.pem"
    office.seal_settings = lambda: SealSettings(SealKeyFile(path), seal_dir)
    return path


def seal(office: Office, *, rotate: bool = False, next_key: str = "", replaces_lost: bool = False) -> Seal:
    """Seal an office as the command does."""
    sealing = office.seals.sealing(ACTOR, "0.2.0", rotate=rotate, next_key=next_key, replaces_lost=replaces_lost)
    try:
        while not sealing.read_batch().complete:
            pass
        made = sealing.store()
    finally:
        sealing.discard()
    office.seals.finish(made)
    return made


def verify(
    service: SealService, files: tuple[Path, ...] = (), public_key: str = ""
) -> tuple[VerificationReport, SealReport]:
    """Verify all entries with the seals."""
    verification = service.verification(files, public_key)
    while not (report := verification.run_batch()).done:
        pass
    return report, verification.seal_report


def verify_hashes(office: Office) -> VerificationReport:
    """Verify all entries without the seals."""
    verification = office.audit.verification(AuditFilter())
    while not (report := verification.run_batch()).done:
        pass
    return report


def found(report: SealReport, kind: Tampering) -> list[int]:
    """Return the numbers of the entries of a kind."""
    return sorted(each.number for each in report.found if each.kind is kind)


def forge_hash(sample: SamplePractice, number: int) -> None:
    """Give an entry the hash that Open Dental would give it, as anybody can who may write to the database."""
    row: Row = dict(sample.practice_rows()["securitylog"][str(number)])
    sample.execute(f"UPDATE securityloghash SET LogHash = '{log_hash(_typed(row))}' WHERE SecurityLogNum = {number}")


def insert_entry(sample: SamplePractice, row: Row) -> None:
    """Insert an entry with a genuine hash."""
    columns = ", ".join(row)
    values = ", ".join(f"'{value}'" for value in row.values())
    sample.execute(f"INSERT INTO securitylog ({columns}) VALUES ({values})")
    number = row["SecurityLogNum"]
    sample.execute(f"INSERT INTO securityloghash (SecurityLogNum, LogHash) VALUES ({number}, '{log_hash(row)}')")


def _typed(row: Row) -> Row:
    return {name: int(value) if str(value).lstrip("-").isdigit() else value for name, value in row.items()}
