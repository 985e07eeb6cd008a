"""The configured offices: configuration file, paths, password sources and import."""
