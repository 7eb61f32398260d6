"""Deadlines to contest: which door, and until which day. The rule of 2011; the court is the one of that time."""
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Dict, List, Mapping, Optional, Tuple

from bot.knowledge.baremes import Bareme
from bot.knowledge.calculs.calendrier import ajouter_mois, est_ouvrable, premier_jour_ouvrable
from bot.knowledge.calculs.commun import Droit, ErreurCalcul, Ligne, Resultat, ligne_date, resultat, situer, verifier_choix
from bot.texte.typographie import date_longue, quantite

PERIODE = (date(2011, 1, 1), date(2011, 12, 31))
COMMISSION = "commission de recours amiable de votre caisse"
TRIBUNAL = "tribunal des affaires de sécurité sociale"
_ARTICLE = {COMMISSION: "la ", TRIBUNAL: "le "}
_AUPRES = {COMMISSION: "auprès de la ", TRIBUNAL: "auprès du "}


@dataclass(frozen=True)
class Voie:
    """One way to contest: what starts the clock, the barèmes of the delays (added in this order), where to write, the articles."""

    depart: str
    delais: Tuple[str, ...]
    ou: str
    sources: Tuple[str, ...]
    geste: str


NATURES: Dict[str, Voie] = {
    "decision": Voie("de la décision reçue", ("recours_amiable_delai",), COMMISSION, ("css R142-1",), "écrivez à"),
    "mise_en_demeure": Voie("de la mise en demeure reçue", ("mise_en_demeure_delai",), COMMISSION, ("css R142-1",), "payez ou écrivez à"),
    "contrainte": Voie("de la contrainte reçue", ("contrainte_delai_opposition",), TRIBUNAL, ("css R133-3",),
                       "faites opposition, en donnant vos raisons, devant"),
    "rejet_commission": Voie("du refus de la commission", ("recours_tass_delai",), TRIBUNAL, ("css R142-18",), "saisissez"),
    "rejet_implicite": Voie("de la réception de votre demande par la commission", ("recours_amiable_silence", "recours_tass_delai"), TRIBUNAL,
                            ("css R142-6", "css R142-18"), "saisissez"),
}
_EN_JOURS = frozenset({"contrainte_delai_opposition"})


def delai_recours(notification: date, nature: str, *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """The last day to contest, and before whom.

    `notification` is the day the letter was received (for `rejet_implicite`, the day the commission received the claim). Delays: two months
    against a decision, one month against a mise en demeure (CSS R142-1), fifteen days against a contrainte (R133-3), two months before the
    court after a refusal (R142-18), a month of silence being one (R142-6). In months, from date to date; in days, the first one does not
    count (code de procédure civile, 641). The day given is never later than the law's: the extension to the next working day (642) is shown
    apart, for the court alone.
    Errors: CHOIX_INCONNU, DATE_FUTURE, DATE_TROP_ANCIENNE.
    """
    verifier_choix(nature, tuple(NATURES), "nature")
    if notification > au:
        raise ErreurCalcul("DATE_FUTURE", "Cette date est dans l'avenir : écrivez le jour où vous avez reçu le courrier.", "notification")
    if notification.year < au.year - 5:
        raise ErreurCalcul("DATE_TROP_ANCIENNE", "Ce courrier a plus de cinq ans : les délais sont passés. Écrivez une date plus récente ou "
                                                 "parlez-en à votre caisse.", "notification")
    jour, avertissement = situer(notification, *PERIODE)
    droit, voie = Droit(jour, valeurs), NATURES[nature]
    dernier, lignes = notification, []
    for rang, nom in enumerate(voie.delais):
        duree = droit.entier(nom)
        dernier = dernier + timedelta(days=duree) if nom in _EN_JOURS else ajouter_mois(dernier, duree)
        if rang + 1 < len(voie.delais):
            lignes.append(ligne_date("Refus par silence de la commission", dernier))
    ecrits = [quantite(droit.entier(n), "jour") if n in _EN_JOURS else quantite(droit.entier(n), "mois", "mois") for n in voie.delais]
    lignes += [ligne_date("Dernier jour pour agir", dernier), Ligne("Où", voie.ou, voie.ou)]
    limites = _limites(nature, voie, dernier, lignes)
    if nature == "rejet_implicite":
        regle_courte = f"le silence de la commission pendant {ecrits[0]} vaut refus, et l'on a ensuite {ecrits[1]}"
    else:
        regle_courte = f"on a {ecrits[0]} à partir {voie.depart}"
    fin_reelle = premier_jour_ouvrable(dernier) if voie.ou == TRIBUNAL else dernier
    if fin_reelle < au:
        tete = f"Le délai s'est terminé le {date_longue(fin_reelle)} : {regle_courte} pour agir {_AUPRES[voie.ou]}{voie.ou}."
        fin = "Écrivez quand même à votre caisse : si le courrier ne disait pas le délai, il peut ne pas avoir couru."
    else:
        jusqu_au = date_longue(dernier if dernier >= au else fin_reelle, jour_semaine=True)
        tete = f"Vous avez jusqu'au {jusqu_au} : {voie.geste} {_ARTICLE[voie.ou]}{voie.ou}."
        fin = f"La règle : {regle_courte}. N'attendez pas le dernier jour, et gardez une copie et la preuve d'envoi."
    droit.citer(*voie.sources, "Code de procédure civile, articles 641 et 642")
    regle = "Un délai en mois finit le même quantième ; un délai en jours se compte à partir du lendemain de la réception."
    return resultat("delai_recours", droit, lignes, f"{tete} {fin}", regle, limites, avertissement)


def _limites(nature: str, voie: Voie, dernier: date, lignes: List[Ligne]) -> List[str]:
    limites = ["Le délai part du jour de réception ou de première présentation du courrier, pas de la date écrite dessus."]
    if not est_ouvrable(dernier):
        if voie.ou == TRIBUNAL:
            reporte = premier_jour_ouvrable(dernier)
            lignes.append(ligne_date("Report possible au premier jour ouvrable", reporte))
            limites.append(f"Le {date_longue(dernier, jour_semaine=True)} n'étant pas ouvrable, le délai devant le tribunal est prolongé au "
                           f"{date_longue(reporte)} ; agir avant est plus sûr.")
        else:
            limites.append(f"Le {date_longue(dernier, jour_semaine=True)} n'est pas un jour ouvrable : envoyez votre lettre avant.")
    if nature == "mise_en_demeure":
        limites.append("Sans réponse de votre part, une contrainte peut suivre.")
    if nature == "rejet_implicite":
        limites.append("Si vous avez envoyé des pièces après votre demande, le mois de silence part de leur réception.")
    limites.append("Ce calcul ne dit rien des chances de votre demande ; le tribunal est gratuit et l'avocat n'est pas obligatoire.")
    return limites
