"""What a national installation needs (28 caisses, 3 million insured people, 10 messages a second at the peak), computed from what was measured.

    python -m tests.load.dimensionner              prints the table, from var/bench.json and var/charge.json (`make bench`)
    python -m tests.load.dimensionner --ecrire     also puts it into docs/dimensionnement.md, with the figures it comes from
    python -m tests.load.dimensionner --pointe 30 --assures 6000000

Nothing here measures. A figure that is missing is named and refused, never guessed; each line says where it comes from.
"""
import argparse
import json
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional, Sequence

from bot.reglages import RACINE
from bot.texte.typographie import composer, nombre

PAGE = RACINE / "docs" / "dimensionnement.md"
DEBUT, FIN = "<!-- calcul : python -m tests.load.dimensionner --ecrire -->", "<!-- fin du calcul -->"
# Two runs on the same shared machine differed by two (reference/security.md §5): the truth lies between the figure and its half.
DOUTE = 2.0
# Above half of what it can do, a queue of random arrivals grows out of all proportion: a station is loaded to one half.
REMPLISSAGE = 0.5
TRACE_MESSAGE_O = 2_600     # one message in the engine's tracker, measured with Rasa 3.6.21 (reference/security.md, H17)
PERSONNE_O = 1_500          # one insured person with indexes; rounded up, to be replaced by the size of a real base
ENTRETIEN_O = 6_000         # one interview with its contact, history, messages and report
SITE_MO, ACTIONS_MO, OUVRIER_MO, BASE_MO, REDIS_MO = 250, 150, 150, 1_000, 50
JOURS_OUVRES, HEURES = 220, 10


class ChiffreAbsent(Exception):
    """A figure that the computation stands on was not measured."""


@dataclass(frozen=True)
class Besoin:
    """What is asked of the installation."""

    pointe: float = 10.0
    assures: int = 3_000_000
    caisses: int = 28
    entretiens: int = 10_000  # a caisse and year (design.md)
    pointe_sur_moyenne: float = 3.0


@dataclass(frozen=True)
class Mesures:
    """What was measured on one machine of `coeurs` processors, everything on it: front, engine, actions, database."""

    coeurs: int
    messages_par_s: float
    moteur_mo: float
    demarrage_s: float
    confirmation_p95_ms: Optional[float]


@dataclass(frozen=True)
class Ligne:
    quoi: str
    valeur: str
    pourquoi: str


def _partout(document: Any, cle: str) -> Iterator[float]:
    if isinstance(document, dict):
        for nom, valeur in document.items():
            if nom == cle and isinstance(valeur, (int, float)) and not math.isnan(valeur):
                yield float(valeur)
            else:
                yield from _partout(valeur, cle)
    elif isinstance(document, list):
        for valeur in document:
            yield from _partout(valeur, cle)


def lire(documents: Sequence[Any]) -> Mesures:
    """The figures needed, wherever they stand in the results. Raises ChiffreAbsent."""
    def chiffre(*cles: str) -> float:
        for cle in cles:
            for document in documents:
                # What is Rasa's own default stands under « rasa »: it is not what would be installed.
                nous = {n: v for n, v in document.items() if n != "rasa"} if isinstance(document, dict) else document
                for valeur in _partout(nous, cle):
                    return valeur
        raise ChiffreAbsent(f"« {cles[0]} » n'a pas été mesuré : lancez « make bench », puis recommencez.")
    try:
        confirmation: Optional[float] = chiffre("confirmation_p95_ms")
    except ChiffreAbsent:
        confirmation = None
    return Mesures(round(chiffre("coeurs")), chiffre("foule_messages_par_s", "charge_messages_par_s", "messages_par_s"), chiffre("charge_moteur_mo", "moteur_mo"),
                   chiffre("moteur_demarre_s", "demarrage_s"), confirmation)


def machines(debit: float, pointe: float) -> int:
    """How many machines carry the peak half full, plus one that may be missing."""
    return math.ceil(pointe / (debit * REMPLISSAGE)) + 1


def calculer(m: Mesures, b: Besoin) -> list[Ligne]:
    """The table, from the most to the least sure."""
    bas = m.messages_par_s / DOUTE
    peu, beaucoup = machines(m.messages_par_s, b.pointe), machines(bas, b.pointe)
    combien = f"{peu} à {beaucoup}" if peu < beaucoup else f"{peu}"
    par_jour = b.pointe / b.pointe_sur_moyenne * 3_600 * HEURES
    trace = par_jour * TRACE_MESSAGE_O / 1e9
    base = (b.assures * PERSONNE_O + b.caisses * b.entretiens * 2 * ENTRETIEN_O) / 1e9
    reservations = b.caisses * b.entretiens / JOURS_OUVRES / HEURES / 3_600 * 10
    memoire = m.moteur_mo + SITE_MO + ACTIONS_MO
    lignes = [
        Ligne("débit d'une machine", f"{nombre(bas, 1)} à {nombre(m.messages_par_s, 1)} messages/s",
              f"mesuré sur {m.coeurs} cœurs, tout dessus ; la borne basse tient compte du bruit de la machine d'essai"),
        Ligne("machines pour la pointe", f"{combien}, de {m.coeurs} cœurs",
              f"{nombre(b.pointe, 0)} messages/s, chacune remplie à moitié, une de plus pour une absente ou une mise à jour"),
        Ligne("moteurs", combien, "un par machine ; une conversation garde le sien"),
        Ligne("mémoire d'une machine", f"{nombre(memoire / 1_000 * 1.5, 1)} Go",
              f"moteur {nombre(m.moteur_mo, 0)} Mo (mesuré), site {SITE_MO} et actions {ACTIONS_MO} Mo (comptés large), moitié en plus"),
        Ligne("machine de la base", f"2 cœurs, {nombre((BASE_MO + REDIS_MO + OUVRIER_MO) / 1_000 * 2, 1)} Go",
              "PostgreSQL, Redis et l'ouvrier ; à doubler d'une machine de secours"),
        Ligne("messages un jour ouvré", nombre(par_jour, 0), f"pointe de {nombre(b.pointe_sur_moyenne, 0)} fois la moyenne, {HEURES} heures"),
        Ligne("suivi des moteurs", f"{nombre(trace, 1)} Go au plus", "24 heures de messages à 2,6 ko, puis effacés"),
        Ligne("base de contacts", f"{nombre(base, 0)} Go", f"{nombre(b.assures, 0)} assurés et deux ans d'entretiens ; tailles estimées, non mesurées"),
        Ligne("sauvegardes", f"{nombre(base * 30 * 0.3, 0)} Go", "une par jour pendant 30 jours, comprimées au tiers"),
        Ligne("réservations à la pointe", f"{nombre(reservations, 1)} par seconde",
              f"{nombre(b.caisses * b.entretiens, 0)} entretiens par an, dix fois la moyenne"
              + (f" ; une confirmation à 50 sur un créneau : {nombre(m.confirmation_p95_ms, 0)} ms" if m.confirmation_p95_ms else "")),
        Ligne("remplacer un moteur", f"{nombre(m.demarrage_s * DOUTE, 0)} s au plus", "démarrage mesuré, doublé ; l'autre répond pendant ce temps")]
    return [Ligne(*map(composer, (ligne.quoi, ligne.valeur, ligne.pourquoi))) for ligne in lignes]


def tableau(lignes: Sequence[Ligne]) -> str:
    return "\n".join(["| | besoin | d'où vient le chiffre |", "|---|---|---|", *(f"| {x.quoi} | {x.valeur} | {x.pourquoi} |" for x in lignes)])


def ecrire(texte: str, page: Path = PAGE) -> None:
    """Put the table between its marks."""
    contenu = page.read_text(encoding="utf-8")
    neuf, faits = re.subn(f"{re.escape(DEBUT)}.*{re.escape(FIN)}", lambda _: f"{DEBUT}\n{texte}\n{FIN}", contenu, flags=re.S)
    if faits != 1:
        raise ChiffreAbsent(f"{page.name} n'a plus ses deux repères : remettez « {DEBUT} » et « {FIN} ».")
    page.write_text(neuf, encoding="utf-8")


def principal(argv: Optional[Sequence[str]] = None) -> int:
    analyseur = argparse.ArgumentParser(description="Ce qu'il faut pour une installation nationale, d'après les mesures.")
    analyseur.add_argument("--mesures", type=Path, action="append", help="fichier de mesures (défaut : var/bench.json et var/charge.json)")
    analyseur.add_argument("--pointe", type=float, default=Besoin.pointe, help="messages par seconde à la pointe")
    analyseur.add_argument("--assures", type=int, default=Besoin.assures)
    analyseur.add_argument("--caisses", type=int, default=Besoin.caisses)
    analyseur.add_argument("--ecrire", action="store_true", help="met le tableau dans docs/dimensionnement.md")
    analyseur.add_argument("--json", action="store_true")
    options = analyseur.parse_args(argv)
    fichiers = options.mesures or [f for f in (RACINE / "var" / "charge.json", RACINE / "var" / "bench.json") if f.exists()]
    try:
        lignes = calculer(lire([json.loads(f.read_text(encoding="utf-8")) for f in fichiers]),
                          Besoin(pointe=options.pointe, assures=options.assures, caisses=options.caisses))
        if options.json:
            print(json.dumps([vars(ligne) for ligne in lignes], ensure_ascii=False, indent=1))
        else:
            print(tableau(lignes))
        if options.ecrire:
            ecrire(tableau(lignes))
    except ChiffreAbsent as e:
        print(f"dimensionner : {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(principal())
