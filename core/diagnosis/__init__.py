"""The diagnosis of the API at a practice: reads the signs, and weighs them."""
