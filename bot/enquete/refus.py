"""Refusals of the survey, one class each. Who may do what in the workspace stands in bot/site/espace/droits.py."""
from bot.contacts.refus import Refus


class QuestionnaireInvalide(Refus):
    code, statut = "QUESTIONNAIRE_INVALIDE", 422
    message = "Ce questionnaire n'est pas lisible. Corrigez-le comme indiqué."


class QuestionnaireChange(Refus):
    code, statut = "QUESTIONNAIRE_CHANGE", 409
    message = ("Le questionnaire de cette version n'a plus les mots avec lesquels la vague a été ouverte : remettez le fichier d'origine, "
               "et publiez les corrections sous une autre version.")


class VersionInconnue(Refus):
    code, statut = "VERSION_INCONNUE", 404
    message = "Cette version du questionnaire n'est pas dans knowledge/questionnaires. Choisissez une version publiée."


class VagueInconnue(Refus):
    code, statut = "VAGUE_INCONNUE", 404
    message = "Cette vague n'existe pas dans cette caisse. « conseil enquete etat » donne la liste."


class VagueDejaOuverte(Refus):
    code, statut = "VAGUE_DEJA_OUVERTE", 409
    message = "Cette cible a déjà sa vague pour cet exercice. « conseil enquete etat » la montre."


class VagueClose(Refus):
    code, statut = "VAGUE_CLOSE", 409
    message = "Cette vague est close : on n'y tire et on n'y invite plus personne."


class PeriodeInvalide(Refus):
    code, statut = "PERIODE_INVALIDE", 422
    message = "La période d'une vague tient dans un exercice, et finit après avoir commencé. Corrigez les dates."


class PlanInvalide(Refus):
    code, statut = "PLAN_INVALIDE", 422
    message = "Donnez un volume attendu d'au moins 1, une marge de 1 à 30 points et un taux de réponse de 1 à 100 %."


class RencontreEtrangere(Refus):
    code, statut = "RENCONTRE_ETRANGERE", 404
    message = "Cette rencontre n'est pas de la cible de la vague. Choisissez une rencontre de la même action."


class CodeInconnu(Refus):
    code, statut = "CODE_INCONNU", 404
    message = "Ce code ne correspond à aucune invitation. Vérifiez-le sur votre invitation : neuf signes, par groupes de trois."


class CodeExpire(Refus):
    code, statut = "CODE_EXPIRE", 410
    message = "Cette enquête est terminée : le temps pour y répondre est passé. Merci de l'intérêt que vous y avez porté."


class DejaRepondu(Refus):
    code, statut = "DEJA_REPONDU", 409
    message = "Vous avez déjà répondu à cette enquête, et vos réponses sont enregistrées. Merci."


class InvitationRefusee(Refus):
    code, statut = "INVITATION_REFUSEE", 410
    message = "Vous avez choisi de ne pas répondre à cette enquête. Rien n'en a été gardé."


class ItemInconnu(Refus):
    code, statut = "ITEM_INCONNU", 404
    message = "Cette question n'est pas dans votre questionnaire. Revenez à la première page de l'enquête."


class ReponseInvalide(Refus):
    code, statut = "REPONSE_INVALIDE", 422
    message = "Choisissez une réponse de la liste, ou passez la question."


class CommentaireTropLong(Refus):
    code, statut = "COMMENTAIRE_TROP_LONG", 422
    message = "Votre commentaire dépasse 500 caractères : gardez l'essentiel."


class SaisieParLeConseiller(Refus):
    code, statut = "SAISIE_PAR_LE_CONSEILLER", 403
    message = "Vous avez mené ce contact : ses réponses doivent être saisies par quelqu'un d'autre. Passez le questionnaire à une ou un collègue."


class ModeInvalide(Refus):
    code, statut = "MODE_INVALIDE", 422
    message = "Indiquez comment la personne a répondu : au téléphone ou sur papier."


class RelectureInvalide(Refus):
    code, statut = "RELECTURE_INVALIDE", 422
    message = "Choisissez de retenir ou d'écarter ce commentaire ; retenu, il lui faut un thème de la liste."
