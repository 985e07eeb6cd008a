"""An open practice database: reading, the one write path, inspection and grants."""
