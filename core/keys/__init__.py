"""Customer API keys and the authorities that decide about them."""
