"""Bilans: a caisse's year read from the contacts, signed and exchanged; the national fund's checks, consolidation and editions.

Format, checks and statistics: reference/requirements-survey-bilan.md §3c to §4e. Everything written here is a « modèle reconstitué ».
"""
