"""Flows that several screens share: status change, key addition, export, conflict and lock."""
