"""Fields of the calculators, and what people type in them. The chat, the site and the command line build their questions from the same fields."""
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Callable, Dict, List, Optional, Tuple, Union

from bot.knowledge.calculs.commun import ErreurCalcul, verifier_montant
from bot.knowledge.calculs.dates import lire_date
from bot.knowledge.calculs.lecture import montants_du_champ, periode_dite
from bot.knowledge.profil import reconnaitre
from bot.texte.normalisation import cle

Reponse = Union[date, Decimal, str, bool]
TYPES = ("date", "montant", "choix", "oui_non")
_PAR_AN = {"mois": 12, "trimestre": 4, "annee": 1}


@dataclass(frozen=True)
class Champ:
    """One thing to ask. `choix` holds (value, label) pairs; `periode` says that an amount is wanted for that time (an amount said by the
    month is then multiplied); `defaut` is the value when the person does not answer."""

    nom: str
    libelle: str
    type: str
    choix: Tuple[Tuple[str, str], ...] = ()
    obligatoire: bool = True
    defaut: Optional[Reponse] = None
    periode: Optional[str] = None

    def __post_init__(self) -> None:
        assert self.type in TYPES and bool(self.choix) == (self.type == "choix"), self.nom


# First words that settle a yes or a no, whatever follows; and whole answers.
_OUI_DABORD = frozenset(("oui", "ouais", "ouai", "wi", "ui", "yes", "ok", "exactement", "absolument", "evidemment"))
_NON_DABORD = frozenset(("non", "nan", "nn", "no", "jamais"))
_OUI = frozenset(("o", "y", "1", "si", "vrai", "true", "on", "bien sur", "bien entendu", "tout a fait", "d accord", "je crois", "je l ai",
                  "c est ca"))
_NON = frozenset(("n", "0", "faux", "false", "off", "pas", "aucun", "aucune", "pas du tout", "pas encore", "je ne crois pas", "je ne l ai pas"))
# Other words for a choice than its value and label, by field; keys as `cle` writes them.
_SYNONYMES: Dict[str, Dict[str, Tuple[str, ...]]] = {
    "activite": {"vente": ("vente", "ventes", "vendre", "vends", "marchandise", "marchandises", "achat revente", "commerce", "hebergement",
                           "restauration", "repas", "boutique", "magasin", "gite"),
                 "prestation": ("prestation", "prestations", "service", "services", "bic", "travaux", "reparation"),
                 "liberal": ("liberal", "liberale", "liberaux", "profession liberale", "bnc", "cipav", "conseil", "formation")},
    "periode": {"mois": ("mois", "mensuel", "mensuelle", "par mois", "mensuellement", "1 mois"),
                "trimestre": ("trimestre", "trimestriel", "trimestrielle", "par trimestre", "3 mois", "trois mois"),
                "annee": ("an", "annee", "annuel", "annuelle", "par an", "12 mois", "l an")},
    "groupe": {"artisan": ("artisan", "artisane", "artisanat", "artisanal", "artisanale", "chambre de metiers", "repertoire des metiers"),
               "commercant": ("commercant", "commercante", "commerce", "commercial", "commerciale", "cci", "rcs")},
    "caisse": {"cipav": ("cipav",), "rsi": ("rsi", "regime social des independants")},
    "nature": {"mise_en_demeure": ("mise en demeure", "mise en demeur", "med"),
               "contrainte": ("contrainte", "huissier", "opposition"),
               "rejet_implicite": ("silence", "pas de reponse", "pas eu de reponse", "sans reponse", "implicite", "pas repondu", "ne repond pas",
                                   "aucune reponse", "aucune nouvelle"),
               "rejet_commission": ("refus de la commission", "rejet de la commission", "commission a refuse", "decision de la commission",
                                    "rejet explicite"),
               "decision": ("decision", "courrier", "lettre", "refus", "notification")},
}
_SYNONYMES["periodicite"] = {k: v for k, v in _SYNONYMES["periode"].items() if k != "annee"}


def lire_champ(champ: Champ, texte: str, au: Optional[date] = None) -> Reponse:
    """The value typed for a field: date, Decimal, choice value or bool.

    « 2 000 € », « 2000 euros/mois », « 1er avril 2011 », « 01/04/2011 », « oui ». `au` completes a date without a year.
    Raises ErreurCalcul with the field's name: CHAMP_VIDE, MONTANT_ILLISIBLE, MONTANT_NEGATIF, MONTANT_ABSURDE, DATE_ILLISIBLE,
    DATE_IMPOSSIBLE, CHOIX_ILLISIBLE, OUI_NON_ILLISIBLE.
    """
    if not texte.strip():
        raise ErreurCalcul("CHAMP_VIDE", f"{champ.libelle} Répondez à cette question.", champ.nom)
    try:
        lecteurs: Dict[str, Callable[[], Reponse]] = {
            "date": lambda: lire_date(texte, au), "montant": lambda: _lire_montant(champ, texte),
            "choix": lambda: _lire_choix(champ, texte), "oui_non": lambda: _lire_oui_non(texte)}
        return lecteurs[champ.type]()
    except ErreurCalcul as e:
        raise ErreurCalcul(e.code, e.message, champ.nom) from e


def _lire_montant(champ: Champ, texte: str) -> Decimal:
    montants: List[Decimal] = montants_du_champ(texte)
    if re.fullmatch(r"\W*(?:rien|zero|zéro|neant|néant|aucune?s?)\W*", texte.strip().lower()):
        montants = [Decimal(0)]
    if len(set(montants)) != 1:
        raise ErreurCalcul("MONTANT_ILLISIBLE", "Je n'ai pas compris le montant : écrivez une seule somme en chiffres, par exemple 2 000 €.")
    montant = verifier_montant(montants[0], champ.nom)
    if champ.periode:
        dite = periode_dite(texte)
        montant = verifier_montant(montant * _PAR_AN[dite or champ.periode] / _PAR_AN[champ.periode], champ.nom)
    return montant


def _lire_choix(champ: Champ, texte: str) -> str:
    dit = cle(texte)
    for valeur, libelle in champ.choix:
        if dit in (cle(valeur), cle(libelle)):
            return valeur
    if re.fullmatch(r"[1-9]", dit) and int(dit) <= len(champ.choix):
        return champ.choix[int(dit) - 1][0]
    permis = [v for v, _ in champ.choix]
    trouves = [v for v in permis if any(re.search(rf"\b{re.escape(s)}\b", dit) for s in _SYNONYMES.get(champ.nom, {}).get(v, (cle(v),)))]
    if len(trouves) > 1 and champ.nom == "nature":
        trouves = [v for v in _SYNONYMES["nature"] if v in trouves][:1]  # from the most telling word to the least
    if len(trouves) == 1:
        return trouves[0]
    if not trouves and champ.nom in ("activite", "groupe"):
        trait = reconnaitre(texte).get(champ.nom)  # a trade says both: « coiffeuse » → services, craft
        if trait in permis:
            return str(trait)
    libelles = [libelle for _, libelle in champ.choix]
    raise ErreurCalcul("CHOIX_ILLISIBLE", f"Je n'ai pas compris votre réponse : écrivez « {' », « '.join(libelles[:-1])} » ou « {libelles[-1]} ».")


def _lire_oui_non(texte: str) -> bool:
    dit = cle(texte)
    premier = dit.split(" ")[0]
    if dit in _NON or premier in _NON_DABORD:
        return False
    if dit in _OUI or premier in _OUI_DABORD:
        return True
    raise ErreurCalcul("OUI_NON_ILLISIBLE", "Je n'ai pas compris : répondez par oui ou par non.")
