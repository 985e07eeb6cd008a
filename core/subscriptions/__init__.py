"""Subscriptions: who is sent what changes in the practice, whether that works, and ending it."""
