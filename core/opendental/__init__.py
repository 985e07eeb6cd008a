"""What Open Dental defines: its numbers, texts, hashes and tables, as facts."""
