"""The refusals of the agenda: one class each, a stable code, a sentence that says what is possible instead.

What a refusal offers (nearest slots, the entretien one already has) travels with it; the wording of a conversation is elsewhere.
"""
from typing import Any, Sequence

from bot.contacts.refus import Refus


class CreneauPris(Refus):
    """`proches`: the nearest free slots (bot.agenda.creneaux.Creneau), three at most."""

    code, statut = "CRENEAU_PRIS", 409
    message = "Ce créneau vient d'être pris. Choisissez-en un autre : voici les plus proches."

    def __init__(self, proches: Sequence[Any] = ()):
        super().__init__()
        self.proches = list(proches)


class HorsDelai(Refus):
    code, statut = "HORS_DELAI", 409
    message = "Le délai pour faire ce changement vous-même est passé. Appelez votre caisse : un conseiller peut encore vous aider."


class DateImpossible(Refus):
    code, statut = "DATE_IMPOSSIBLE", 422
    message = "Ce jour n'existe pas. Choisissez-en un autre."


class DatePassee(CreneauPris):
    """Nobody has taken it; what is offered instead is the same."""

    code, statut = "DATE_PASSEE", 422
    message = "Ce jour est déjà passé. Choisissez-en un autre."


class JourFerme(CreneauPris):
    """The same, on a holiday or in a closing."""

    code, statut = "JOUR_FERME", 409
    message = "Personne ne reçoit ce jour-là. Choisissez-en un autre."


class DejaUnRdv(Refus):
    """`entretien`: the one the person already has."""

    code, statut = "DEJA_UN_RDV", 409
    message = "Vous avez déjà un rendez-vous à venir pour ce motif. Vous pouvez le déplacer ou l'annuler."

    def __init__(self, entretien: Any = None):
        super().__init__()
        self.entretien = entretien


class RdvSimultane(Refus):
    code, statut = "RDV_SIMULTANE", 409
    message = "Vous avez déjà un rendez-vous à cette heure-là. Choisissez un autre créneau, ou déplacez le premier."


class TelephoneManquant(Refus):
    code, statut = "TELEPHONE_MANQUANT", 422
    message = "Le conseiller vous appelle : indiquez un numéro de téléphone français à dix chiffres, par exemple 06 39 98 00 00."


class NomManquant(Refus):
    code, statut = "NOM_MANQUANT", 422
    message = "Indiquez votre nom : avec le code, ses trois premières lettres vous permettront de retrouver votre rendez-vous."


class CourrielInvalide(Refus):
    code, statut = "COURRIEL_INVALIDE", 422
    message = "Cette adresse électronique est incomplète. Corrigez-la, ou laissez la case vide."


class TropDeDeplacements(Refus):
    code, statut = "TROP_DE_DEPLACEMENTS", 409
    message = "Ce rendez-vous a déjà été déplacé trois fois. Appelez votre caisse : un conseiller le déplacera avec vous."


class Introuvable(Refus):
    code, statut = "INTROUVABLE", 404
    message = "Nous ne retrouvons pas ce rendez-vous. Vérifiez le code et les trois premières lettres de votre nom."


class CreneauIllisible(Refus):
    code, statut = "CRENEAU_ILLISIBLE", 404
    message = "Ce créneau n'existe pas. Revenez à la liste et choisissez-en un."


class MotifInconnu(Refus):
    code, statut = "MOTIF_INCONNU", 404
    message = "Ce motif de rendez-vous n'est pas proposé par votre caisse. Choisissez-en un dans la liste."


class DroitRefuse(Refus):
    code, statut = "DROIT_REFUSE", 403
    message = "Votre rôle ne permet pas cette action. Demandez-la au responsable de la caisse."


class EnPause(Refus):
    code, statut, attendre = "EN_PAUSE_CODE", 429, 900
    message = "Cinq essais n'ont pas abouti. Attendez un quart d'heure, ou appelez votre caisse, qui retrouvera votre rendez-vous."


class AccesExpire(Refus):
    code, statut = "ACCES_EXPIRE", 401
    message = "Par sécurité, l'accès à votre rendez-vous se ferme après dix minutes. Donnez de nouveau le code et votre nom."


class TransitionImpossible(Refus):
    code, statut = "TRANSITION_IMPOSSIBLE", 409
    message = "À ce stade du rendez-vous, ce changement n'est plus possible. Rechargez la page pour voir où il en est."


class RienADefaire(Refus):
    code, statut = "RIEN_A_DEFAIRE", 409
    message = "Il n'y a plus rien à défaire : une commande se reprend pendant deux minutes. Vous pouvez faire le changement inverse."


class OuvertureInvalide(Refus):
    """Its message says which rule."""

    code, statut = "OUVERTURE_INVALIDE", 422


class OuvertureChevauche(Refus):
    code, statut = "OUVERTURE_CHEVAUCHE", 409
    message = "Une autre ouverture du même conseiller couvre déjà ces heures. Changez les heures, ou modifiez l'ouverture qui existe."


class FermetureInvalide(Refus):
    code, statut = "FERMETURE_INVALIDE", 422
    message = "La fin de la fermeture doit venir après son début. Corrigez les dates."


class ConseillerOccupe(Refus):
    code, statut = "CONSEILLER_OCCUPE", 409
    message = "Un des conseillers a déjà un rendez-vous à ce moment. Choisissez une autre heure ou une autre personne."


class InscriptionsCloses(Refus):
    code, statut = "INSCRIPTIONS_CLOSES", 409
    message = "Les inscriptions à cette rencontre sont closes. Voyez les prochaines dates, ou demandez un entretien."


class Complet(Refus):
    code, statut = "COMPLET", 409
    message = "Cette rencontre est complète. Vous pouvez vous inscrire sur la liste d'attente, ou choisir une autre date."


class OffrePassee(Refus):
    """`rang`: the person's place in the list now, when she still has one."""

    code, statut = "OFFRE_PASSEE", 409
    message = "Cette proposition n'est plus valable : la place est passée à la personne suivante."

    def __init__(self, rang: "int | None" = None):
        super().__init__()
        self.rang = rang


class RencontreFigee(Refus):
    code, statut = "RENCONTRE_FIGEE", 409
    message = "Cette rencontre est close ou annulée : elle ne change plus."


class RencontrePasFinie(Refus):
    code, statut = "RENCONTRE_PAS_FINIE", 409
    message = "Les présences se relèvent après la fin de la rencontre. Revenez à ce moment-là."


class CodeOuvertureInconnu(Refus):
    code, statut = "CODE_OUVERTURE_INCONNU", 404
    message = "Ce code d'invitation n'est pas reconnu, ou n'est plus valable. Vous pouvez prendre rendez-vous sans lui."


class NoteTropLongue(Refus):
    code, statut = "NOTE_TROP_LONGUE", 422
    message = "La note compte plus de 1 000 caractères. Gardez l'essentiel : ni santé, ni jugement."
