"""What every Textual program over SSH needs: terminal, workers, key queue, inactivity and debug log."""
