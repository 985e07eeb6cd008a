"""The SQL of the migrations of the companion database.

It is never edited after a release, because existing companion databases have applied it as it was.
"""

from __future__ import annotations

HISTORY = """
CREATE TABLE apisetup_migration (
    number INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    applied_at DATETIME NOT NULL
)
"""

KEYS_AND_LICENSES = (
    """
    CREATE TABLE apisetup_license_text (
        sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
        text TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_license_acceptance (
        number INTEGER NOT NULL PRIMARY KEY,
        title TEXT NOT NULL,
        sha256 VARCHAR(64) NOT NULL REFERENCES apisetup_license_text (sha256),
        accepted_by VARCHAR(255) NOT NULL,
        accepted_at DATETIME NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        key_text VARCHAR(255) NOT NULL,
        developer VARCHAR(255) NOT NULL,
        email TEXT NOT NULL,
        phone TEXT NOT NULL,
        permissions JSON NOT NULL,
        status INTEGER NOT NULL,
        date_disabled DATETIME,
        agreement_since DATE,
        added DATETIME NOT NULL,
        license_number INTEGER REFERENCES apisetup_license_acceptance (number)
    )
    """,
)

HEADQUARTERS = (
    """
    CREATE TABLE apisetup_headquarters_answer (
        number INTEGER NOT NULL PRIMARY KEY,
        asked_at DATETIME NOT NULL,
        listed_keys JSON NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_headquarters_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        added DATETIME,
        agreement_since DATE,
        license_number INTEGER REFERENCES apisetup_license_acceptance (number)
    )
    """,
)

ORDER_OF_ANSWERS = (
    """
    CREATE TABLE apisetup_question (
        number INTEGER NOT NULL PRIMARY KEY
    )
    """,
    "INSERT INTO apisetup_question (number) VALUES (0)",
    "ALTER TABLE apisetup_headquarters_answer ADD COLUMN question INTEGER NOT NULL DEFAULT 0",
)

SIGN_IN_FAILURES = (
    """
    CREATE TABLE apisetup_sign_in_failure (
        user_num INTEGER NOT NULL PRIMARY KEY,
        failures INTEGER NOT NULL,
        last_failure DATETIME NOT NULL
    )
    """,
)

JOURNAL = (
    """
    CREATE TABLE apisetup_journal (
        number INTEGER NOT NULL PRIMARY KEY,
        writer VARCHAR(16) NOT NULL,
        intent JSON NOT NULL
    )
    """,
)

USE_OF_KEYS = (
    """
    CREATE TABLE apisetup_use_day (
        name VARCHAR(255) NOT NULL,
        day DATE NOT NULL,
        permission INTEGER NOT NULL,
        computer VARCHAR(255) NOT NULL,
        entries INTEGER NOT NULL,
        first_at DATETIME NOT NULL,
        last_at DATETIME NOT NULL,
        PRIMARY KEY (name, day, permission, computer)
    )
    """,
    """
    CREATE TABLE apisetup_use_range (
        name VARCHAR(255) NOT NULL PRIMARY KEY,
        since DATETIME NOT NULL,
        until DATETIME NOT NULL,
        complete INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_former_name (
        developer VARCHAR(255) NOT NULL,
        former_name VARCHAR(255) NOT NULL,
        PRIMARY KEY (developer, former_name)
    )
    """,
)

ENCRYPTED_KEYS = (
    """
    CREATE TABLE apisetup_encryption (
        number INTEGER NOT NULL PRIMARY KEY,
        key_id VARCHAR(16) NOT NULL,
        since DATETIME NOT NULL
    )
    """,
    "ALTER TABLE apisetup_journal ADD COLUMN renewed_at INTEGER",
    "ALTER TABLE apisetup_key RENAME TO apisetup_key_in_clear",
    """
    CREATE TABLE apisetup_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        masked VARCHAR(16) NOT NULL,
        key_id VARCHAR(16) NOT NULL,
        sealed TEXT NOT NULL,
        developer VARCHAR(255) NOT NULL,
        email TEXT NOT NULL,
        phone TEXT NOT NULL,
        permissions JSON NOT NULL,
        status INTEGER NOT NULL,
        date_disabled DATETIME,
        agreement_since DATE,
        added DATETIME NOT NULL,
        license_number INTEGER REFERENCES apisetup_license_acceptance (number)
    )
    """,
)
DROP_CLEAR_TEXTS = "DROP TABLE apisetup_key_in_clear"

FLEET = (
    """
    CREATE TABLE apisetup_fleet_answer (
        office VARCHAR(60) NOT NULL PRIMARY KEY,
        answered_at DATETIME NOT NULL,
        answer JSON NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_joined_name (
        name VARCHAR(255) NOT NULL PRIMARY KEY,
        joined_with VARCHAR(255) NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_fleet_run (
        receipt VARCHAR(20) NOT NULL PRIMARY KEY,
        started_at DATETIME NOT NULL,
        plan JSON NOT NULL,
        written JSON NOT NULL,
        finished INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_fleet_result (
        receipt VARCHAR(20) NOT NULL,
        office VARCHAR(60) NOT NULL,
        result JSON NOT NULL,
        PRIMARY KEY (receipt, office)
    )
    """,
    """
    CREATE TABLE apisetup_last_verification (
        number INTEGER NOT NULL PRIMARY KEY,
        verified_at DATETIME NOT NULL,
        verdict TEXT NOT NULL
    )
    """,
)

SEALS = (
    """
    CREATE TABLE apisetup_seal (
        practice VARCHAR(64) NOT NULL,
        number INTEGER NOT NULL,
        seal TEXT NOT NULL,
        PRIMARY KEY (practice, number)
    )
    """,
    """
    CREATE TABLE apisetup_sealed_entries (
        practice VARCHAR(64) NOT NULL,
        number INTEGER NOT NULL,
        part INTEGER NOT NULL,
        first_entry INTEGER NOT NULL,
        last_entry INTEGER NOT NULL,
        entries INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (practice, number, part)
    )
    """,
)

FLEET_WRITERS = (
    """
    CREATE TABLE apisetup_fleet_writer (
        receipt VARCHAR(20) NOT NULL PRIMARY KEY,
        writer VARCHAR(16) NOT NULL,
        renewed_at INTEGER NOT NULL
    )
    """,
)

REVIEWS = (
    """
    CREATE TABLE apisetup_key_note (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        owner VARCHAR(255) NOT NULL,
        purpose VARCHAR(255) NOT NULL,
        agreement_reference VARCHAR(255) NOT NULL,
        review_date DATE
    )
    """,
    """
    CREATE TABLE apisetup_review (
        number INTEGER NOT NULL PRIMARY KEY,
        name VARCHAR(60) NOT NULL,
        since DATE NOT NULL,
        until DATE NOT NULL,
        started_at DATETIME NOT NULL,
        started_by VARCHAR(255) NOT NULL,
        known JSON NOT NULL,
        ended_at DATETIME,
        ended_by VARCHAR(255) NOT NULL,
        left_open JSON NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_review_item (
        review INTEGER NOT NULL,
        fingerprint VARCHAR(64) NOT NULL,
        snapshot JSON NOT NULL,
        decision JSON NOT NULL,
        revision INTEGER NOT NULL,
        PRIMARY KEY (review, fingerprint)
    )
    """,
)
