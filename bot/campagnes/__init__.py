"""The campaign of a year: socle and cibles, population and volumes, draws, letters, kit.

Each module says what it leaves to others; what agenda and enquete also need lives in `bot.contacts.campagne`.
"""
