"""The companion database: what is ours and has no place in Open Dental's tables."""
