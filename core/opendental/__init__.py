"""Facts about Open Dental: its schema, codes, hashes and signals."""
