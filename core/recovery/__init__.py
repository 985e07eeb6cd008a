"""Settling what a killed process left half done."""
