"""The assistant of a caisse of the RSI. See docs/architecture.md for the rooms and their floors."""
