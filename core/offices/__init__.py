"""The configured offices: catalog, configuration file, paths, password sources and import."""
