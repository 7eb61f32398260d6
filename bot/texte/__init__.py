"""Plain functions on French text, used by every room: no state, no I/O, both Pythons."""
