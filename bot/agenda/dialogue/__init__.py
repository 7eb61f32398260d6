"""The acts of an insured person in the conversation: book, look up, move, cancel, enrol in a rencontre, order a guide.
Phrases and order of the questions; every rule is a service's of bot.agenda. No Rasa, no HTTP: `bot.contacts.flux` says what comes in and goes out.

    CONDUITES[label] (session, tour, brouillon) -> Suite      registered by bot/actions/flux.py
    formulaires.*                                              what the native forms bring (bot/site/formulaires_rdv.py)
    saisie.relever(texte, etape)                               what is typed anyway, taken out before the engine sees it
"""
from bot.agenda.dialogue import annuler, commander, consulter, deplacer, inscrire, prendre
from bot.agenda.dialogue.conduite import conduire
from bot.contacts.flux import Conduite

ACTES = {acte.NOM: acte for acte in (prendre, consulter, deplacer, annuler, inscrire, commander)}
CONDUITES: dict[str, Conduite] = {nom: conduire(nom, ACTES) for nom in ACTES}

__all__ = ["ACTES", "CONDUITES"]
