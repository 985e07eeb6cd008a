"""The API's settings."""
