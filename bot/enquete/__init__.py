"""The satisfaction survey: the national questionnaire, waves and draws, invitations, answers (chat, page, telephone, paper), statistics.

Each module says what it leaves to others; pages are in bot/site, commands in bot/cli, the exchange file in bot/bilan.
"""
