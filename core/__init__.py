"""The services of apisetup, without a terminal."""
