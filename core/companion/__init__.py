"""What is ours and has no place in Open Dental's tables: the registry of keys, licenses and agreements."""
