"""The Audit Trail: search, verification, export and attribution."""
