"""The arguments of the commands, one module for each noun. Importing them is cheap."""
