"""What apisetup knows and does, without a terminal."""
