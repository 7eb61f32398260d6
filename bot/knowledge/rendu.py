"""Writes the answer of a sheet for a day and a person: the one place where chat, FAQ pages and engine take their words from."""
import re
from dataclasses import dataclass
from datetime import date
from typing import Dict, Mapping, Optional, Tuple

from bot.knowledge.baremes import Bareme, baremes
from bot.knowledge.fiches import Fiche, Source, Variante
from bot.texte.typographie import composer, date_longue

PLACE = re.compile(r"\{([a-z0-9_]+)\}")


@dataclass(frozen=True)
class Chiffre:
    """A figure cited by an answer, with what it rests on: what it is, how much, from when to when, which text, how sure."""

    nom: str
    libelle: str
    valeur: str
    du: date
    au: Optional[date]
    source: str
    confiance: str
    calcul: Optional[str]


@dataclass(frozen=True)
class Reponse:
    """What a person reads: the answer and all that makes it checkable."""

    sujet: str
    question: str
    texte: str
    avertissement: Optional[str]
    depuis: Optional[str]
    sources: Tuple[Source, ...]
    chiffres: Tuple[Chiffre, ...]
    valable_le: date
    confiance: str
    verifie_le: date

    @property
    def texte_complet(self) -> str:
        """The warning first when the law has moved on, then the answer, then what changed since."""
        return "\n".join(p for p in (self.avertissement, self.texte, self.depuis) if p)


def choisir_variante(fiche: Fiche, profil: Mapping[str, str]) -> Optional[Variante]:
    """The first variant of which every condition is known to hold for this person; None = the general answer."""
    for variante in fiche.variantes:
        if all(profil.get(trait) == valeur for trait, valeur in variante.si.items()):
            return variante
    return None


def remplir(texte: str, jour: date, valeurs: Mapping[str, Bareme]) -> str:
    """Put the figures of the day into a text and compose it. Raises ErreurConnaissance for a figure unknown on that day."""
    return composer(PLACE.sub(lambda m: valeurs[m[1]].ecrire(jour), texte))


def rendre(fiche: Fiche, aujourdhui: date, profil: Optional[Mapping[str, str]] = None,
           valeurs: Optional[Dict[str, Bareme]] = None) -> Reponse:
    """The answer of `fiche` on the day `aujourdhui` for someone of whom `profil` is known (keys of fiches.PROFIL).

    Outside the sheet's period the answer keeps the nearest day of it and says so first: an old rule is never passed for a current one.
    """
    valeurs = baremes() if valeurs is None else valeurs
    debut, fin = fiche.validite
    jour = min(max(aujourdhui, debut), fin)
    variante = choisir_variante(fiche, profil or {})
    brut = variante.reponse if variante else fiche.reponse
    avertissement = None
    if jour != aujourdhui:
        avertissement = composer(f"Attention : cette réponse décrit les règles en vigueur au {date_longue(jour)}, qui ont pu changer depuis.")
    chiffres = []
    for nom in dict.fromkeys(PLACE.findall(brut)):
        valeur = valeurs[nom].le(jour)
        chiffres.append(Chiffre(nom, valeurs[nom].libelle, valeurs[nom].ecrire(jour), valeur.du, valeur.au, valeur.source,
                                valeur.confiance, valeur.calcul))
    return Reponse(
        sujet=fiche.sujet, question=composer(fiche.question), texte=remplir(brut, jour, valeurs), avertissement=avertissement,
        depuis=composer(fiche.depuis) if fiche.depuis else None, sources=fiche.sources, chiffres=tuple(chiffres),
        valable_le=jour, confiance=fiche.confiance, verifie_le=fiche.verifie_le)
