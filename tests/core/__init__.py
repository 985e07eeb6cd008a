"""Tests of core: against SQLite and a real MariaDB."""
