"""An office: one open practice with all of its services."""
