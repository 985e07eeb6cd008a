"""Errors, secrets, private files and the context of a run: what every other folder builds on."""
