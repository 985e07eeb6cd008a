"""Engines, addresses, TLS and driver errors for MySQL, MariaDB and SQLite."""
