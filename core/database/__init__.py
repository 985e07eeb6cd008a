"""Connections to MySQL, MariaDB and SQLite: engines, addresses, TLS, driver errors and the statement log."""
