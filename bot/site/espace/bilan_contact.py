"""The part of a compte rendu that the bilan counts: nine domains, minutes, tools, effects. Reads the form, shows the circular's rules as sentences.
What is refused is bot.contacts.contacts' to say; entretiens and spontaneous contacts both use it."""
from datetime import date
from typing import Any, Mapping, Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.campagnes.kit import versions_en_vigueur
from bot.campagnes.trame import lire_profondeur
from bot.contacts.contacts import (
    AGE_ESTIMATION,
    CompteRenduContact,
    DomaineAborde,
    DomainesIncomplets,
    DureeInvalide,
    EstimationSansRaison,
    ProfondeurInvalide,
    RaisonManquante,
    RetraiteIncoherente,
    ValeurHorsListe,
    age,
)
from bot.contacts.refus import Refus
from bot.contacts.tables import Assure, Contact, Outil, Socle
from bot.contacts.tables.contact import DOMAINES, EFFETS, RAISONS_NON_ABORDE
from bot.site.espace.acces import Saisie
from bot.site.espace.agenda_commun import lire_cle, lire_nombre

RAISONS = {"sans_objet": "sans objet", "deja_connu": "déjà connu", "manque_de_temps": "manque de temps",
           "refus_assure": "la personne ne le souhaite pas", "autre_rendez_vous": "à un autre rendez-vous"}
PROFONDEURS = {"": "–", "1": "1 : en un mot", "2": "2 : expliqué", "3": "3 : approfondi"}
BENEFICIAIRES = {"assure": "L'assuré", "conjoint": "Le conjoint", "ayant_droit": "Un ayant droit"}
RETRAITE = {"mecanismes": "Les mécanismes de la retraite", "droits_acquis": "Les droits acquis, lus sur le relevé (RIS)",
            "optimisation": "Ce que la personne peut encore faire"}
NOMS_EFFETS = {"fichier_corrige": "Fichier corrigé", "carriere_completee": "Carrière complétée", "preliquidation_ouverte": "Pré-liquidation ouverte",
               "oriente_recouvrement": "Orientation vers le recouvrement", "transfrontalier_signale": "Situation transfrontalière signalée"}
# Where each refusal of the contact is shown.
CHAMPS: dict[type[Refus], str] = {
    DomainesIncomplets: "domaines", ProfondeurInvalide: "domaines", RaisonManquante: "domaines", RetraiteIncoherente: "retraite",
    EstimationSansRaison: "estimation_raison", DureeInvalide: "minutes", ValeurHorsListe: "moment_vie"}
# D5 is never individual (R47).
JAMAIS_PERSONNALISE = ("D5",)


def profondeurs() -> list[tuple[str, str]]:
    """What the list of a domain offers: unsaid, three depths, and « not gone into », each with its reason (R46)."""
    return [*PROFONDEURS.items(), *((f"0:{r}", f"0 : {RAISONS[r]}") for r in RAISONS_NON_ABORDE)]


def choix_de(session: Session, socle: Optional[Socle], caisse_code: str, jour: date) -> dict[str, Any]:
    """What the form offers: domains, moments of life of the campaign, tools of the kit in force."""
    moments = (socle.contenu if socle is not None else {}).get("moments_vie", {})
    outils = [(str(v.id), f"{session.get_one(Outil, code).titre} (version {v.version})")
              for code, v in versions_en_vigueur(session, caisse_code, jour).items() if code not in ("bilan_type", "requetage")]
    restes = [("", "je complète plus tard"), *((r, RAISONS[r]) for r in RAISONS_NON_ABORDE)]
    return {"domaines": list(DOMAINES.items()), "profondeurs": profondeurs(), "restes": restes, "moments": [("", "–"), *moments.items()],
            "outils": outils, "beneficiaires": list(BENEFICIAIRES.items()), "retraite": list(RETRAITE.items()),
            "effets": [(e, NOMS_EFFETS[e]) for e in EFFETS], "jamais_personnalise": JAMAIS_PERSONNALISE}


def regles(assure: Optional[Assure], jour: date) -> list[str]:
    """The circular's rules that this contact meets, as sentences for its counsellor (circulaire 2011, III.2 and III.3)."""
    phrases = ["Tout le champ du régime se parcourt à chaque contact ; un domaine laissé de côté se dit en un mot (circulaire 2011, III.2).",
               "La prévention santé reste générale : ce n'est jamais un entretien médical (III.2).",
               "La retraite s'appuie sur le relevé individuel de situation (RIS), pas sur un relevé de la caisse (III.3)."]
    ans = age(assure.date_naissance, jour) if assure is not None and assure.date_naissance is not None else None
    if ans is not None and ans >= AGE_ESTIMATION:
        phrases.append(f"Cette personne a {ans} ans : à partir de 54 ans, remettre une estimation de la caisse n'est plus préconisé (III.3).")
    return phrases


def lire(saisie: Saisie) -> Optional[CompteRenduContact]:
    """The account of the form; None when no domain is said: the issue is kept, the rest is for later. Raises SaisieIllisible, DomainesIncomplets."""
    domaines = _domaines(saisie)
    if domaines is None:
        return None
    coches = {n: n in saisie.tous("retraite") for n in RETRAITE}
    return CompteRenduContact(
        domaines=domaines, minutes=lire_nombre(saisie.un("minutes"), "minutes"),
        outils=[c for c in map(lire_cle, saisie.tous("outils")) if c is not None],
        effets=saisie.tous("effets"), ris_utilise=bool(saisie.un("ris_utilise")), estimation_remise=bool(saisie.un("estimation_remise")),
        estimation_raison=saisie.un("estimation_raison")[:200] or None, beneficiaire=saisie.un("beneficiaire") or "assure",
        moment_vie=saisie.un("moment_vie") or None, accompagnant=bool(saisie.un("accompagnant")), **coches)


def _domaines(saisie: Saisie) -> Optional[dict[str, DomaineAborde]]:
    """`d_D1`… and `reste`, the reason that holds for those left blank. Raises DomainesIncomplets when some are said and others are not."""
    reste = saisie.un("reste")
    dits: dict[str, DomaineAborde] = {}
    for code in DOMAINES:
        lu = lire_profondeur(saisie.un(f"d_{code}") or (f"0:{reste}" if reste else ""))
        if lu is not None:
            personnalise = lu[0] > 0 and code in saisie.tous("personnalises") and code not in JAMAIS_PERSONNALISE
            dits[code] = DomaineAborde(lu[0], personnalise, lu[1])
    if not dits or (reste and all(d.profondeur == 0 for d in dits.values()) and not any(saisie.un(f"d_{c}") for c in DOMAINES)):
        return None  # « the others » of nothing is nothing
    if set(dits) != set(DOMAINES):
        raise DomainesIncomplets
    return dits


def remplir(domaines: Mapping[str, DomaineAborde], **plus: Any) -> Saisie:
    """A form filled from a trame or from what was recorded, for the page to show."""
    paires: list[tuple[str, str]] = [(f"d_{c}", f"0:{d.raison}" if d.profondeur == 0 else str(d.profondeur)) for c, d in domaines.items()]
    paires += [("personnalises", c) for c, d in domaines.items() if d.personnalise]
    for nom, valeur in plus.items():
        valeurs: Sequence[Any] = valeur if isinstance(valeur, (list, tuple)) else [valeur]
        paires += [(nom, str(v)) for v in valeurs if v not in (None, "", False)]
    return Saisie(tuple(paires))


def repete(saisie: Saisie, domaines: Mapping[str, DomaineAborde]) -> bool:
    """Whether the form says of the domains what these say, and nothing more."""
    connus = remplir(domaines)
    return all(saisie.un(f"d_{c}") == connus.un(f"d_{c}") for c in DOMAINES)


def depuis_contact(contact: Contact) -> Saisie:
    """What was recorded of a contact, as the form shows it."""
    domaines = {d.domaine: DomaineAborde(d.profondeur, d.personnalise, d.raison) for d in contact.domaines}
    return remplir(domaines, minutes=contact.minutes, outils=[o.outil_version_id for o in contact.outils], effets=[e.effet for e in contact.effets],
                   retraite=[n for n in RETRAITE if getattr(contact, n)], ris_utilise="oui" if contact.ris_utilise else "",
                   estimation_remise="oui" if contact.estimation_remise else "", estimation_raison=contact.estimation_raison,
                   beneficiaire=contact.beneficiaire, moment_vie=contact.moment_vie, accompagnant="oui" if contact.accompagnant else "")


def socle_de(session: Session, contact: Optional[Contact], jour: date) -> Optional[Socle]:
    """The campaign a contact belongs to; that of the day when there is no contact yet; None where none is installed."""
    if contact is not None:
        return session.get_one(Socle, contact.socle_id)
    return session.scalar(select(Socle).where(Socle.annee <= jour.year).order_by(Socle.annee.desc(), Socle.id.desc()).limit(1))
