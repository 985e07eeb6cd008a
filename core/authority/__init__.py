"""Who decides about keys."""
