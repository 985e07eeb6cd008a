"""Checks of a practice, its server and headquarters that change nothing."""
