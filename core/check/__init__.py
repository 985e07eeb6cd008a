"""Checks of a practice, its server and headquarters, without changing anything."""
