"""The tables of the companion database, by subject, since a start of the program needs only some."""
