"""Facts about Open Dental: its schema, enums, hashes, API permissions and signals."""
