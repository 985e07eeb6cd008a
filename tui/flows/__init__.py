"""Sequences of dialogs and service calls that several screens share, and the texts that belong to them."""
