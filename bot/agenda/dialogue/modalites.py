"""At the antenne or by telephone, and which antenne: what is said of it, and what is asked."""
from typing import Optional

from bot.agenda import motifs
from bot.agenda.dialogue import lieux, paroles, propositions
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lexique import bouton as libelle
from bot.agenda.refus import MotifInconnu
from bot.contacts.flux import Dire

MODALITE, ANTENNE = "modalite", "antenne"


def choisir(fil: Fil, modalite: str) -> None:
    """At the antenne or by telephone; the day and hour stay wished."""
    d = fil.donnees
    if d.get("modalite") not in (None, modalite):
        propositions.garder_l_heure(fil)
    d["modalite"] = modalite


def choisir_antenne(fil: Fil, antenne_id: Optional[int]) -> None:
    """One antenne, or any of them (None)."""
    d = fil.donnees
    if (d.get("antenne") or d.get("partout")) and d.get("antenne") != antenne_id:
        propositions.garder_l_heure(fil)
    d.update(antenne=antenne_id, partout=antenne_id is None, modalite="presentiel")
    for nom in ("parmi", "ailleurs"):
        d.pop(nom, None)


def noter_lieu(fil: Fil, lieu: lieux.Lieu, *, impossible: bool, par_telephone: bool) -> None:
    """A place named is a wish to come there, unless the same message asks for the telephone: then it only says where one lives."""
    d = fil.donnees
    if lieu.code_postal:
        fil.prive["code_postal"] = lieu.code_postal
        if impossible:
            d.pop("impossible", None)   # « le 33 » is a département here
    if par_telephone or (d.get("modalite") == "telephone" and not (lieu.antennes or lieu.exclues)):
        return
    restantes = [a.id for a in fil.antennes if a.id not in lieu.exclues]
    if lieu.exclues and not lieu.antennes:
        choisir_antenne(fil, restantes[0]) if len(restantes) == 1 else _reposer_l_antenne(fil, restantes)
    elif len(lieu.antennes) == 1:
        choisir_antenne(fil, lieu.antennes[0])
    elif lieu.antennes:
        _reposer_l_antenne(fil, list(lieu.antennes))
    elif lieu.partout:
        choisir_antenne(fil, None)
    elif lieu.ailleurs and not d.get("antenne"):
        d["ailleurs"] = lieu.ailleurs


def _reposer_l_antenne(fil: Fil, parmi: list[int]) -> None:
    d = fil.donnees
    if d.get("antenne") or d.get("partout"):
        propositions.garder_l_heure(fil)
    d.update(parmi=parmi, antenne=None, partout=False, modalite="presentiel")


def demander(fil: Fil) -> Optional[list[Dire]]:
    """At the antenne or by telephone? None when it is known, or when the caisse has only one of them. Raises MotifInconnu."""
    d = fil.donnees
    possibles = [m for m in ("presentiel", "telephone") if motifs.motifs(fil.session, fil.caisse.code, modalite=m)]
    if not possibles:
        raise MotifInconnu
    if d.get("modalite") in possibles:
        return None
    if len(possibles) == 1:
        if d.get("modalite"):
            fil.dire("Votre caisse ne propose pas de rendez-vous par téléphone." if d["modalite"] == "telephone"
                     else "Votre caisse propose seulement des rendez-vous par téléphone.")
        d["modalite"] = possibles[0]
        return None
    debut = "" if fil.etape else "Volontiers. "
    fil.etape = MODALITE
    return [Dire(f"{debut}Préférez-vous venir à l'antenne, ou parler par téléphone ?", "question",
                 [paroles.bouton(fil, libelle("modalites", m), mode=m) for m in possibles])]


def demander_antenne(fil: Fil) -> Optional[list[Dire]]:
    """Which antenne? None when it is known, when there is one only, and by telephone."""
    d = fil.donnees
    if d["modalite"] == "telephone":
        return None
    if d.get("antenne") or d.get("partout"):
        return None
    if len(fil.antennes) == 1:
        d["antenne"] = fil.antennes[0].id
        return None
    parmi = [a for a in fil.antennes if not d.get("parmi") or a.id in d["parmi"]]
    fil.etape = ANTENNE
    ailleurs = d.pop("ailleurs", None)
    debut = f"Votre caisse n'a pas d'antenne à {ailleurs}. " if ailleurs and not ailleurs[0].isdigit() else \
        f"Je n'ai pas d'antenne pour le code postal {ailleurs}. " if ailleurs else ""
    boutons = [paroles.bouton(fil, f"{a.nom} ({a.code_postal})", antenne=a.id) for a in parmi]
    boutons += [paroles.bouton(fil, "Peu importe", partout=True), paroles.bouton(fil, "Plutôt par téléphone", mode="telephone")]
    return [Dire(f"{debut}Dans quelle antenne ? Vous pouvez aussi donner votre code postal.", "question", boutons)]
