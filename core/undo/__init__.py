"""Undoing a change from its audit entry."""
