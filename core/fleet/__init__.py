"""Many offices at once: read them, find a developer in all of them, and cut the developer off everywhere."""
