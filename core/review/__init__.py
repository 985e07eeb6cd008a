"""Reviews of API keys: what needs a decision, notes on keys, and decisions that are logged."""
