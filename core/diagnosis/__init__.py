"""Why the API doesn't work at a practice: reads the signs, and weighs them."""
