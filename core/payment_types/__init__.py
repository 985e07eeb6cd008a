"""The practice's payment types: their list, order and visibility, by Open Dental's rules."""
