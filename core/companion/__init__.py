"""The companion database: this program's own data, which has no place in Open Dental's tables."""
