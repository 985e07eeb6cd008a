"""The commands of apisetup that work without a screen."""
