"""Frozen dataclasses that services return to screens and commands."""
