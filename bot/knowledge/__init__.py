"""Reads and checks `knowledge/`: sheets, barèmes, catalogue. No Rasa, no SQL; runs on both Pythons."""
