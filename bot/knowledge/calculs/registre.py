"""The calculators by name, with the fields they ask: the one place from which the chat, the site and `conseil calcul` are built."""
from dataclasses import dataclass
from datetime import date
from typing import Callable, Dict, List, Mapping, Optional, Tuple

from bot.knowledge.baremes import Bareme
from bot.knowledge.calculs.champs import Champ, Reponse, lire_champ
from bot.knowledge.calculs.commun import ErreurCalcul, Resultat
from bot.knowledge.calculs.dates import trouver_date
from bot.knowledge.calculs.debut_activite import debut_activite
from bot.knowledge.calculs.declarations import echeances_declaration
from bot.knowledge.calculs.lecture import lire_demande, periode_dite
from bot.knowledge.calculs.micro import PERIODES, cotisations_micro, plafond_premiere_annee, taux_accre
from bot.knowledge.calculs.recours import delai_recours
from bot.knowledge.calculs.retraite import ANNEES, age_retraite, trimestres_valides
from bot.knowledge.metiers import metier_dit
from bot.knowledge.profil import reconnaitre


@dataclass(frozen=True)
class Calcul:
    """A calculator: the function, its title, the topic it illustrates, and what to ask, in order of asking."""

    nom: str
    fonction: Callable[..., Resultat]
    libelle: str
    champs: Tuple[Champ, ...]
    sujet: str

    def champ(self, nom: str) -> Champ:
        """The field so named. Raises ErreurCalcul CHAMP_INCONNU."""
        for champ in self.champs:
            if champ.nom == nom:
                return champ
        raise ErreurCalcul("CHAMP_INCONNU", f"« {nom} » n'est pas une donnée de ce calcul : {', '.join(c.nom for c in self.champs)}.", nom)


_ACTIVITE = Champ("activite", "Quelle est votre activité ?", "choix",
                  (("vente", "Vente ou hébergement"), ("prestation", "Prestations de services"), ("liberal", "Activité libérale")))
_CAISSE = Champ("caisse", "Si votre activité est libérale, quelle est votre caisse de retraite ?", "choix", (("cipav", "CIPAV"), ("rsi", "RSI")),
                obligatoire=False)
_GROUPES = (("artisan", "Artisan"), ("commercant", "Commerçant"))
_DEBUT = Champ("debut", "Quand votre activité commence-t-elle ?", "date")

REGISTRE: Dict[str, Calcul] = {c.nom: c for c in (
    Calcul("plafond_premiere_annee", plafond_premiere_annee, "Mon plafond de chiffre d'affaires la première année", (_DEBUT, _ACTIVITE),
           "auto_entrepreneur/prorata_premiere_annee"),
    Calcul("cotisations_micro", cotisations_micro, "Ce que je paie en auto-entrepreneur", (
        Champ("montant", "Combien encaissez-vous ?", "montant"),
        Champ("periode", "Pour quelle durée ?", "choix", (("mois", "Par mois"), ("trimestre", "Par trimestre"), ("annee", "Par an")),
              obligatoire=False),
        _ACTIVITE,
        Champ("versement_liberatoire", "Avez-vous choisi le versement libératoire de l'impôt ?", "oui_non", obligatoire=False, defaut=False),
        Champ("accre_debut", "Si vous avez l'ACCRE, quand votre activité a-t-elle commencé ?", "date", obligatoire=False),
        Champ("groupe", "Êtes-vous artisan ou commerçant ?", "choix", _GROUPES, obligatoire=False),
        _CAISSE), "auto_entrepreneur/taux_cotisations"),
    Calcul("taux_accre", taux_accre, "Mes taux avec l'ACCRE", (_DEBUT, _ACTIVITE, _CAISSE), "auto_entrepreneur/accre"),
    Calcul("echeances_declaration", echeances_declaration, "Ma première déclaration et mes échéances", (
        _DEBUT, Champ("periodicite", "Déclarez-vous chaque mois ou chaque trimestre ?", "choix",
                      (("mois", "Chaque mois"), ("trimestre", "Chaque trimestre")))),
        "auto_entrepreneur/declaration_ca"),
    Calcul("trimestres_valides", trimestres_valides, "Mes trimestres de retraite en auto-entrepreneur", (
        Champ("montant", "Combien encaissez-vous dans l'année ?", "montant", periode="annee"), _ACTIVITE,
        Champ("annee", "Pour quelle année ?", "choix", tuple((str(a), str(a)) for a in ANNEES), obligatoire=False)),
        "auto_entrepreneur/retraite_trimestres"),
    Calcul("age_retraite", age_retraite, "Mon âge de départ à la retraite", (Champ("naissance", "Quelle est votre date de naissance ?", "date"),),
           "retraite/age_depart"),
    Calcul("debut_activite", debut_activite, "Mes cotisations des deux premières années, hors auto-entrepreneur", (
        _DEBUT, Champ("groupe", "Êtes-vous artisan ou commerçant ?", "choix", _GROUPES)), "cotisations/debut_activite"),
    Calcul("delai_recours", delai_recours, "Jusqu'à quand contester", (
        Champ("nature", "Qu'avez-vous reçu ?", "choix", (
            ("decision", "Une décision de la caisse"), ("mise_en_demeure", "Une mise en demeure"), ("contrainte", "Une contrainte"),
            ("rejet_commission", "Un refus de la commission de recours amiable"),
            ("rejet_implicite", "Aucune réponse de la commission de recours amiable"))),
        Champ("notification", "Quel jour avez-vous reçu ce courrier (ou quel jour la commission a-t-elle reçu votre demande) ?", "date")),
        "rsi/reclamation"),
)}


def calcul(nom: str) -> Calcul:
    """The calculator so named. Raises ErreurCalcul CALCUL_INCONNU."""
    if nom not in REGISTRE:
        raise ErreurCalcul("CALCUL_INCONNU", f"Le calcul « {nom} » n'existe pas : choisissez parmi {', '.join(REGISTRE)}.")
    return REGISTRE[nom]


def calculer(nom: str, reponses: Mapping[str, Reponse], *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """Run a calculator on values already read; missing optional fields take their default.

    Raises ErreurCalcul: CALCUL_INCONNU, CHAMP_INCONNU, CHAMP_MANQUANT, and the calculator's own refusals.
    """
    fiche = calcul(nom)
    for donnee in reponses:
        fiche.champ(donnee)
    arguments: Dict[str, object] = {}
    for champ in fiche.champs:
        valeur = reponses.get(champ.nom, champ.defaut)
        if valeur is None and champ.obligatoire:
            raise ErreurCalcul("CHAMP_MANQUANT", f"Il manque une réponse : {champ.libelle}", champ.nom)
        arguments[champ.nom] = int(valeur) if champ.nom == "annee" and isinstance(valeur, str) else valeur
    return fiche.fonction(**arguments, au=au, valeurs=valeurs)


def lire_reponses(nom: str, textes: Mapping[str, str], *, au: date) -> Dict[str, Reponse]:
    """Typed texts to values, field by field; empty texts of optional fields are left out.

    A period said with the amount (« 2000 euros/mois ») fills the period when the person gave none.
    Raises ErreurCalcul as `lire_champ`, CHAMP_MANQUANT, CHAMP_INCONNU.
    """
    for donnee in textes:
        calcul(nom).champ(donnee)
    reponses, erreurs = lire_champs(nom, textes, au=au)
    if erreurs:
        raise erreurs[0]
    return reponses


def lire_champs(nom: str, textes: Mapping[str, str], *, au: date) -> Tuple[Dict[str, Reponse], List[ErreurCalcul]]:
    """As `lire_reponses`, but every fault is given back, for a form that shows them all. Raises ErreurCalcul CALCUL_INCONNU only."""
    fiche = calcul(nom)
    reponses: Dict[str, Reponse] = {}
    erreurs: List[ErreurCalcul] = []
    for champ in fiche.champs:
        texte = (textes.get(champ.nom) or "").strip()
        try:
            if texte:
                reponses[champ.nom] = lire_champ(champ, texte, au)
            elif champ.obligatoire:
                raise ErreurCalcul("CHAMP_MANQUANT", f"Il manque une réponse : {champ.libelle}", champ.nom)
        except ErreurCalcul as e:
            erreurs.append(e)
    if any(c.nom == "periode" for c in fiche.champs) and "periode" not in reponses:
        dite = periode_dite(textes.get("montant", ""))
        if dite:
            reponses["periode"] = dite
    return reponses, erreurs


def depuis_phrase(nom: str, texte: str, profil: Optional[Mapping[str, str]] = None, *, au: date) -> Dict[str, Reponse]:
    """What a free sentence, and what is known of the person, already answer of a calculator's fields. Never raises on the sentence.

    >>> depuis_phrase("cotisations_micro", "Je suis coiffeuse, je fais 2 000 € par mois", au=date(2011, 9, 14))["montant"]
    Decimal('2000')
    """
    fiche = calcul(nom)
    noms = {c.nom for c in fiche.champs}
    connu: Dict[str, Reponse] = {k: v for k, v in {**(profil or {}), **reconnaitre(texte)}.items() if k in noms}
    metier = metier_dit(texte)
    if metier and metier.caisse and "caisse" in noms:
        connu["caisse"] = metier.caisse
    demande = lire_demande(texte)
    if "montant" in noms and "montant" in demande:
        montant, periode = demande["montant"], demande.get("periode")
        if "periode" in noms and periode:
            connu["periode"] = str(periode)
        if fiche.champ("montant").periode and periode:
            montant = montant * PERIODES[str(periode)]  # type: ignore[operator]
        connu["montant"] = montant  # type: ignore[assignment]
    for champ in fiche.champs:
        if champ.type == "date" and champ.obligatoire:
            try:
                trouvee = trouver_date(texte, au if champ.nom != "naissance" else None)
            except ErreurCalcul:
                trouvee = None
            if trouvee:
                connu[champ.nom] = trouvee
    return {champ.nom: connu[champ.nom] for champ in fiche.champs if champ.nom in connu and _permis(champ, connu[champ.nom])}


def _permis(champ: Champ, valeur: Reponse) -> bool:
    return champ.type != "choix" or valeur in {v for v, _ in champ.choix}


def a_demander(nom: str, connu: Mapping[str, Reponse]) -> List[Champ]:
    """The required fields still unknown, in order of asking."""
    return [c for c in calcul(nom).champs if c.obligatoire and c.nom not in connu]
