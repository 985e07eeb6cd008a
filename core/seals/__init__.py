"""Seals: signed digests of the Audit Trail, which show later that sealed entries are still the same."""
