"""The terminal platform: driver, process, workers, key queue, inactivity timer, debug log and base screens."""
