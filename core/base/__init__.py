"""Errors, secrets, private files and the context of a run: the base that every other folder may import."""
