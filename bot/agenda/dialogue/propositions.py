"""The day, then three slots to choose from: what booking and moving share. Explains an empty search, with the smallest relaxation.

Keeps in the draft: `moment` (the wish), `quand_libre`, `vus` (shown before), `montres` (shown now), `choisi` (asked for), `creneau` (held).
"""
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Optional, Sequence

from bot.agenda import choix, motifs, reservation
from bot.agenda.choix import Proposition, Relachement
from bot.agenda.creneaux import Creneau, lire_id
from bot.agenda.dialogue import paroles
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu, de_donnees, en_donnees, reunir
from bot.agenda.dialogue.lexique import dit, lexique
from bot.agenda.instants import heure_en_lettres, jour_local, local
from bot.agenda.jours_feries import fuseau
from bot.agenda.moment import Moment
from bot.agenda.recherche import chercher, noter_recherche, proches
from bot.agenda.refus import CreneauPris, DateImpossible, DatePassee, HorsDelai, JourFerme
from bot.contacts.flux import Bouton, Dire
from bot.contacts.tables import Entretien, Motif
from bot.texte.typographie import date_longue

MOMENT, CRENEAU = "moment", "creneau"
MOMENTS = ("Le plus tôt possible", "La semaine prochaine", "Plutôt le matin", "Plutôt l'après-midi")
_RANGS = (r"premiere?|1er?|1ere|un|une", r"deuxieme|seconde?|2e?|2eme|deux", r"troisieme|3e?|3eme|trois|derniere?")
_RANG = re.compile(r"(?:oui |ok |alors |je prends |je choisis |plutot |va pour |le |la |l |creneau |proposition |numero |choix )*(?:" +
                   "|".join(f"({r})" for r in _RANGS) + r")(?: creneau| proposition| svp| merci| s il vous plait)*")
_PLUS = re.compile(r"\bplus (tard|tot)\b(?! possible)")
_RAISONS = {
    "passe": "Ce jour est déjà passé.", "pris": "Tout est déjà pris à ce moment-là.", "fermeture": "Personne ne reçoit à ce moment-là.",
    "trop_tot": "C'est trop proche : il faut s'y prendre au moins {delai} heures avant.",
    "trop_loin": "C'est trop loin : l'agenda s'ouvre {horizon} jours à l'avance.", "max_par_jour": "La journée est déjà complète.",
    "ferie": "C'est un jour férié.", "rien": "Personne ne reçoit à ce moment-là."}
# The stable codes of those that are nobody else's doing.
_CODES = {"passe": DatePassee.code, "fermeture": JourFerme.code, "ferie": JourFerme.code, "rien": JourFerme.code, "trop_tot": HorsDelai.code,
          "trop_loin": HorsDelai.code}
_LACHE = {"heure": "à une autre heure", "partie": "à un autre moment de la journée", "sans": "en acceptant ce que vous vouliez éviter",
          "jours": "un autre jour de la semaine", "jour": "un autre jour de la même semaine", "au": "un peu plus tard", "du": "un peu plus tôt",
          "antenne": "dans une autre antenne"}


# ---- what a message says of days and slots ----------------------------------------------------------------------------


def noter(fil: Fil, lu: Lu) -> bool:
    """A day, an hour, a slot of those shown, « d'autres »: into the draft. True when the message said one of these."""
    d = fil.donnees
    choisi = _parmi_les_montres(fil, lu)
    if choisi:
        d["choisi"] = choisi
        return True
    if lu.moment or lu.moment.impossible:
        souhaiter(fil, lu.moment)
        return True
    if fil.etape == CRENEAU and d.get("montres") and lu.court and dit(lu.mots, lexique()["au_choix"]):
        d["choisi"] = d["montres"][0]  # « n'importe lequel », of those shown: the soonest; it is read back before anything is booked
        return True
    if fil.etape == CRENEAU and len(d.get("montres") or ()) > 1 and lu.oui and lu.court and not lu.modalite:
        d["lequel"] = True
        return True
    plus = _PLUS.search(lu.mots)
    refuse = lu.non and fil.etape == CRENEAU and not lu.modalite
    if d.get("montres") and (lu.autres or plus or refuse):
        d["sens"] = plus[1] if plus else None
        d["encore"] = True
        return True
    if lu.quand_libre and fil.etape in ("", MOMENT, CRENEAU, "modalite", "antenne"):
        oublier(fil)
        d.update(moment={}, quand_libre=True, vus=[])
        return True
    return False


def souhaiter(fil: Fil, moment: Moment) -> None:
    """A new wish, put together with the one before. A slot held that answers it stays; else it is given back, and others are looked for."""
    d = fil.donnees
    if moment.impossible and not moment:
        d["impossible"] = moment.impossible
        return
    d.pop("impossible", None)
    tenu = _lire(d.get("creneau"))
    if tenu and _repond(fil, tenu, moment):
        return
    oublier(fil)
    avant = de_donnees(d.get("moment"))
    if tenu and not (moment.du or moment.au or moment.jours):  # « plutôt 10 h », of a day that was chosen: that day
        jour = local_de(fil, tenu).date()
        avant = replace(avant, du=jour, au=jour, jours=(), sans_jours=())
    d.update(moment=en_donnees(reunir(avant, moment)), quand_libre=False, vus=[], discordance=moment.discordance)


def appuyer(fil: Fil, charge: "dict[str, Any]") -> bool:
    """A button of these steps."""
    d = fil.donnees
    if charge.get("quand_libre"):
        oublier(fil)
        d.update(moment={}, quand_libre=True, vus=[])
    elif charge.get("creneau"):
        d["choisi"] = charge["creneau"]
    elif charge.get("autres"):
        d["encore"] = True
    elif charge.get("changer") == MOMENT:
        oublier(fil)
        d.update(moment={}, quand_libre=False, vus=[])
    else:
        return False
    return True


def oublier(fil: Fil) -> None:
    """The slot held is no longer wanted; it is given back when the turn goes on (`relacher`)."""
    d = fil.donnees
    d["rendre"] = bool(d.pop("creneau", None)) or d.get("rendre", False)
    for nom in ("choisi", "montres", "operation", "conseiller", "encore"):
        d.pop(nom, None)


def garder_l_heure(fil: Fil) -> None:
    """The place changes, not the day: the slot is given back, and looked for again elsewhere at the same time."""
    tenu = creneau_tenu(fil)
    oublier(fil)
    if tenu is not None:
        fil.donnees["ancien"] = tenu[1].isoformat()


def _parmi_les_montres(fil: Fil, lu: Lu) -> Optional[str]:
    """The id of the slot that a message picks among those shown; None when it picks none, or several."""
    montres: list[str] = fil.donnees.get("montres") or []
    if not montres or fil.etape != CRENEAU:
        return None
    if lu.oui and len(montres) == 1 and not lu.moment:
        return montres[0]
    m = lu.moment
    if m and (m.du or m.jours or m.heure):
        bons = [i for i in montres if _repond(fil, lire_id(i), m)]
        if len(bons) == 1:
            return bons[0]
    position = rang(lu.mots, len(montres))
    return montres[position] if position is not None else None


def rang(mots: str, nombre: int) -> Optional[int]:
    """Which of so many, from 0: « le deuxième » is 1; None when the message says none of them.

    >>> rang("le 2eme svp", 3), rang("la derniere", 3), rang("le troisieme", 2)
    (1, 2, None)
    """
    dit_ = _RANG.fullmatch(mots)
    if dit_ is None:
        return None
    position = nombre - 1 if re.search(r"\bderniere?\b", mots) else next(i for i, g in enumerate(dit_.groups()) if g)
    return position if position < nombre else None


# ---- what is asked, or shown ------------------------------------------------------------------------------------------


def suivre(fil: Fil, motif: Motif, antenne_id: Optional[int], *, pour: Optional[Entretien] = None,
           autre: Optional[Motif] = None) -> Optional[list[Dire]]:
    """The next question of these steps; None once a slot is held. `pour`: the entretien being moved; `autre`: the motif of the other modality."""
    d = fil.donnees
    if d.pop("rendre", False):
        reservation.relacher(fil.session, fil.tour.conversation_id)
    if d.get("choisi"):
        pris = retenir(fil, motif, d.pop("choisi"), pour)
        if pris is not None:
            return pris
    if d.get("creneau"):
        return None
    if d.get("impossible"):
        return _demander(fil, f"« {d.pop('impossible')} » n'existe pas. Quel autre jour vous irait ?", DateImpossible.code)
    if d.get("discordance"):
        return _demander_le_jour(fil, d.pop("discordance"))
    if d.get("ancien"):
        trouve = _au_meme_moment(fil, motif, antenne_id, pour)
        if trouve is not None:
            return trouve if isinstance(trouve, list) else suivre(fil, motif, antenne_id, pour=pour, autre=autre)
    if (fil.reprise or d.pop("lequel", False)) and fil.etape == CRENEAU and d.get("montres"):
        fil.donnees["annonce"] = "Lequel de ces créneaux vous convient ?"
        return [_montres(fil)]
    if not d.get("moment") and not d.get("quand_libre"):
        return _demander(fil, "Quel jour, ou quel moment, vous arrange ?")
    return _proposer(fil, motif, antenne_id, pour, autre)


def refuser_le_jour(fil: Fil) -> None:
    """A day that does not exist, or is past, is said at once, though something else is still to be asked."""
    d = fil.donnees
    moment = de_donnees(d.get("moment"))
    if d.get("impossible"):
        fil.refuser(DateImpossible(f"« {d.pop('impossible')} » n'existe pas : vous me direz un autre jour."))
    elif moment.au is not None and moment.au < jour_local(fil.tour.maintenant, fil.caisse.fuseau):
        fil.refuser(DatePassee())
        d.update(moment={}, quand_libre=False)


def _demander(fil: Fil, texte: str, refus: Optional[str] = None) -> list[Dire]:
    fil.etape = MOMENT
    boutons = [paroles.bouton(fil, MOMENTS[0], quand_libre=True), *(paroles.bouton(fil, m, texte=m) for m in MOMENTS[1:])]
    return [Dire(texte, "question", boutons, donnees={"refus": refus} if refus else None)]


def _demander_le_jour(fil: Fil, dit: str) -> list[Dire]:
    """« mardi 5 octobre » when the 5th is a Wednesday: which of the two was meant?"""
    jour = de_donnees(fil.donnees.get("moment")).du
    if jour is None:
        return _demander(fil, "Quel jour vous arrange ?")
    fil.etape = MOMENT
    juste, nom = date_longue(jour, jour_semaine=True), dit.split()[0]
    fil.donnees.update(moment={}, quand_libre=False)
    return [Dire(f"Le {date_longue(jour)} est un {juste.split()[0]}, pas un {nom}. Quel jour voulez-vous ?", "question",
                 [paroles.bouton(fil, f"Le {juste}", texte=f"le {juste}"), paroles.bouton(fil, f"Un {nom}", texte=f"un {nom}")])]


def _proposer(fil: Fil, motif: Motif, antenne_id: Optional[int], pour: Optional[Entretien], autre: Optional[Motif]) -> Optional[list[Dire]]:
    """Three slots for the wish, or why there is none and what the smallest relaxation gives. An exact day and hour that is free is held at once, and
    nothing is said."""
    d, moment = fil.donnees, de_donnees(fil.donnees.get("moment"))
    intro = ""
    if d.pop("encore", False):
        d["vus"] = [*d.get("vus", []), *d.get("montres", [])]
        sens = d.pop("sens", None)
    else:
        sens = None
    prop = _chercher(fil, motif, moment, antenne_id, pour, autre)
    if not prop.creneaux and d.get("vus"):
        intro = "Je n'ai pas d'autre créneau pour cela ; voici de nouveau les premiers."
        d["vus"] = []
        prop = _chercher(fil, motif, moment, antenne_id, pour, autre)
    if sens and prop.creneaux:
        prop, intro = _plus(fil, motif, moment, antenne_id, pour, prop, sens)
    if not fil.reprise:
        noter_recherche(fil.session, motif, fil.tour.maintenant, not prop.creneaux)
    if not prop.creneaux:
        return _expliquer(fil, motif, moment, antenne_id, pour, prop, autre)
    exact = _exact(prop.creneaux, moment)
    if exact is not None and exact.id not in d.get("vus", []) and not fil.reprise and not intro:
        return retenir(fil, motif, exact.id, pour)
    return montrer(fil, prop.creneaux, intro or _annonce(fil, prop, moment, antenne_id, motif))


def _chercher(fil: Fil, motif: Motif, moment: Moment, antenne_id: Optional[int], pour: Optional[Entretien], autre: Optional[Motif]) -> Proposition:
    return choix.proposer(fil.session, motif, moment, fil.tour.maintenant, antenne_id=antenne_id, pour=pour,
                          conversation_id=fil.tour.conversation_id, sauf=tuple(fil.donnees.get("vus", ())), autre=autre)


def _plus(fil: Fil, motif: Motif, moment: Moment, antenne_id: Optional[int], pour: Optional[Entretien], prop: Proposition,
          sens: str) -> tuple[Proposition, str]:
    """« Plus tard », « plus tôt »: after the last shown, before the first."""
    montres = [lire_id(i)[1] for i in fil.donnees.get("montres", [])]
    tous = [c for c in chercher(fil.session, motif, fil.tour.maintenant, antenne_id=antenne_id, pour=pour,
                                conversation_id=fil.tour.conversation_id).creneaux if choix.convient(c, moment)]
    bons = [c for c in tous if (c.debut > max(montres) if sens == "tard" else c.debut < min(montres))] if montres else tous
    if not bons:
        return prop, f"Je n'ai rien de plus {'tard' if sens == 'tard' else 'tôt'} ; voici d'autres créneaux libres."
    return Proposition(choix.etaler(bons), len(bons), {}, False, None, ()), ""


def _exact(creneaux: Sequence[Creneau], m: Moment) -> Optional[Creneau]:
    if m.heure is None or m.du is None or m.du != m.au:
        return None
    bons = [c for c in creneaux if c.local.date() == m.du and c.local.time() == m.heure]
    return bons[0] if len(bons) == 1 else None


def _annonce(fil: Fil, prop: Proposition, moment: Moment, antenne_id: Optional[int], motif: Motif) -> str:
    """« Voici trois créneaux libres, le mardi, l'après-midi, à l'antenne de Bordeaux : »"""
    souhait, n = moment.en_francais(), len(prop.creneaux)
    if moment.heure is not None and all(c.local.time() != moment.heure for c in prop.creneaux):
        dite = heure_en_lettres(moment.heure)
        souhait = souhait.replace(f"à {dite}", f"autour de {dite}")
    ou = paroles.a_l_antenne(fil, antenne_id) if antenne_id or motif.modalite == "telephone" else "dans nos antennes"
    combien = "J'ai un seul créneau libre" if n == 1 else f"Voici {'deux' if n == 2 else 'trois'} créneaux libres"
    return f"{combien} {ou}{f' ({souhait})' if souhait else ''} :"


def montrer(fil: Fil, creneaux: Sequence[Creneau], texte: str, *, refus: Optional[str] = None, autres: Sequence[Bouton] = ()) -> list[Dire]:
    """Slots as buttons, and « d'autres »; kept, so that they can be shown again after a question. `autres`: more buttons, between the two."""
    fil.etape = CRENEAU
    fil.donnees.update(montres=[c.id for c in creneaux], annonce=texte, montres_fuseau=[c.fuseau for c in creneaux])
    dit = _montres(fil)
    dit.boutons = [*dit.boutons[:-2], *autres, *dit.boutons[-2:]]
    dit.donnees = {"refus": refus} if refus else None
    return [dit]


def _montres(fil: Fil) -> Dire:
    d = fil.donnees
    slots = [Creneau(debut, debut, antenne_id, fuseau, motif_id)
             for (motif_id, debut, antenne_id), fuseau in zip(map(lire_id, d["montres"]), d["montres_fuseau"], strict=True)]
    boutons = [bouton_creneau(fil, c) for c in slots]
    boutons += [paroles.bouton(fil, "D'autres propositions", autres=True), paroles.bouton(fil, "Un autre jour", changer=MOMENT)]
    return Dire(d["annonce"], "choices", boutons)


def bouton_creneau(fil: Fil, c: Creneau) -> Bouton:
    """« Mardi 20 septembre 2011 à 9 h 00 », with the place when it is not settled."""
    dire_lieu = c.antenne_id is not None and c.antenne_id != fil.donnees.get("antenne")
    ou = f", {paroles.a_l_antenne(fil, c.antenne_id)}" if dire_lieu else ""
    return paroles.bouton(fil, paroles.majuscule(paroles.quand(fil, c)) + ou, creneau=c.id)


# ---- nothing free -----------------------------------------------------------------------------------------------------


def _expliquer(fil: Fil, motif: Motif, moment: Moment, antenne_id: Optional[int], pour: Optional[Entretien], prop: Proposition,
               autre: Optional[Motif]) -> list[Dire]:
    """Why nothing is free, and what letting one wish go would give."""
    souhait = moment.en_francais()
    ou = f" {paroles.a_l_antenne(fil, antenne_id)}" if antenne_id or motif.modalite == "telephone" else ""
    raison = _pourquoi(fil, motif, moment, prop) if souhait else ""
    phrase = f"C'est un jour férié ({prop.ferie})." if raison == "ferie" and prop.ferie else \
        _RAISONS[raison].format(delai=motif.delai_min_h, horizon=motif.delai_max_j) if raison else ""
    debut = f"Je n'ai rien de libre{ou}{f', {souhait}' if souhait else ''}. {phrase}".rstrip()
    if not prop.relachements:
        return _rien(fil, motif, antenne_id, pour, debut, prop, _CODES.get(raison))
    r: Relachement = prop.relachements[0]
    ou_chercher = None if r.contrainte == "antenne" else antenne_id
    elargi = choix.proposer(fil.session, motif, r.moment, fil.tour.maintenant, antenne_id=ou_chercher, pour=pour,
                            conversation_id=fil.tour.conversation_id)
    fil.donnees.update(moment=en_donnees(r.moment), quand_libre=not r.moment)
    if r.contrainte == "antenne":
        fil.donnees.update(antenne=None, partout=True)
    autres = [_bouton_autre(fil, prop.autre_modalite)] if prop.autre_modalite is not None and autre is not None else []
    return montrer(fil, elargi.creneaux or [r.premier], f"{debut}\nEn revanche, {_LACHE[r.contrainte]} :", refus=_CODES.get(raison), autres=autres)


def _bouton_autre(fil: Fil, c: Creneau) -> Bouton:
    par = "Par téléphone" if c.antenne_id is None else paroles.majuscule(paroles.a_l_antenne(fil, c.antenne_id))
    return paroles.bouton(fil, f"{par}, {paroles.quand(fil, c)}", creneau=c.id)


def _pourquoi(fil: Fil, motif: Motif, moment: Moment, prop: Proposition) -> str:
    """The reason, as a key of `_RAISONS`."""
    if prop.ferie:
        return "ferie"
    horizon = jour_local(fil.tour.maintenant, fil.caisse.fuseau) + timedelta(days=motif.delai_max_j)
    return "trop_loin" if moment.du is not None and moment.du > horizon else \
        "passe" if prop.passe else max((e for e in prop.pertes if e != "existants"), key=lambda e: prop.pertes[e], default="rien")


def _rien(fil: Fil, motif: Motif, antenne_id: Optional[int], pour: Optional[Entretien], debut: str, prop: Proposition,
          refus: Optional[str] = None) -> list[Dire]:
    """No single wish let go gives anything: the soonest there is, else the other modality, else a person."""
    fil.donnees.update(moment={}, quand_libre=True, vus=[])
    autres = [_bouton_autre(fil, prop.autre_modalite)] if prop.autre_modalite is not None else []
    libres = choix.proposer(fil.session, motif, Moment(), fil.tour.maintenant, antenne_id=antenne_id, pour=pour,
                            conversation_id=fil.tour.conversation_id).creneaux
    if libres:
        return montrer(fil, libres, f"{debut}\nLe plus tôt possible, il y aurait :", refus=refus, autres=autres)
    fil.etape = MOMENT
    if autres:
        return [Dire(f"{debut}\nIl reste cependant :", "choices", autres)]
    return [Dire(f"{debut}\nVotre caisse peut vous dire quand l'agenda rouvrira. {fil.joindre()}", "choices",
                 [paroles.bouton(fil, "Chercher de nouveau", quand_libre=True)], donnees={"contact": True})]


# ---- holding ----------------------------------------------------------------------------------------------------------


def retenir(fil: Fil, motif: Motif, identifiant: str, pour: Optional[Entretien]) -> Optional[list[Dire]]:
    """Hold a slot for five minutes. None when it is held; else the three nearest, in the same turn. Raises CreneauIllisible, MotifInconnu."""
    motif_id, debut, antenne_id = lire_id(identifiant)
    if motif_id != motif.id:
        motif = motifs.motif(fil.session, fil.caisse.code, motif_id)
    try:
        tenu = reservation.retenir(fil.session, conversation_id=fil.tour.conversation_id, motif=motif, debut=debut, antenne_id=antenne_id,
                                   maintenant=fil.tour.maintenant, pour=pour, assure_id=fil.prive.get("assure_id"))
    except CreneauPris as e:
        return perdu(fil, e)
    except HorsDelai:
        return _demander(fil, "Ce créneau est maintenant trop proche pour être réservé ici. Quel autre moment vous irait ?")
    d = fil.donnees
    d.update(creneau=identifiant, conseiller=tenu.conseiller_id)
    d.pop("ancien", None)
    return None


def perdu(fil: Fil, e: CreneauPris) -> list[Dire]:
    """The slot was taken by someone else: the nearest ones, at once."""
    oublier(fil)
    if not e.proches:
        fil.refuser(e)
        return _demander(fil, "Je n'en ai pas de proche. Quel autre moment vous irait ?")
    combien = "le plus proche" if len(e.proches) == 1 else "les plus proches"
    return montrer(fil, e.proches, f"Ce créneau vient d'être pris. Voici {combien} :", refus=e.code)


def _au_meme_moment(fil: Fil, motif: Motif, antenne_id: Optional[int], pour: Optional[Entretien]) -> "Optional[list[Dire] | bool]":
    """After a change of place or modality: the same day and hour when they are free there too, else the nearest."""
    debut = datetime.fromisoformat(fil.donnees.pop("ancien"))
    jour = jour_local(debut, fil.caisse.fuseau)
    meme = next((c for c in chercher(fil.session, motif, fil.tour.maintenant, antenne_id=antenne_id, du=jour, au=jour, pour=pour,
                                     conversation_id=fil.tour.conversation_id).creneaux if c.debut == debut), None)
    if meme is not None:
        perdus = retenir(fil, motif, meme.id, pour)
        return True if perdus is None else perdus
    voisins = proches(fil.session, motif, debut, fil.tour.maintenant, antenne_id=antenne_id, pour=pour, conversation_id=fil.tour.conversation_id)
    if antenne_id is not None:
        voisins = [c for c in voisins if c.antenne_id == antenne_id]
    if not voisins:
        fil.donnees.update(moment={}, quand_libre=True)
        return None
    ou = paroles.a_l_antenne(fil, antenne_id) if antenne_id or motif.modalite == "telephone" else "dans nos antennes"
    return montrer(fil, voisins, f"Ce jour-là à cette heure, rien n'est libre {ou}. Les créneaux les plus proches :")


def creneau_tenu(fil: Fil) -> Optional[tuple[int, datetime, Optional[int]]]:
    """(motif, start, antenne) of the slot held."""
    return _lire(fil.donnees.get("creneau"))


def local_de(fil: Fil, lu: tuple[int, datetime, Optional[int]]) -> datetime:
    """The start of a slot on the clock of its place."""
    return local(lu[1], fuseau_de(fil, lu[2]))


def fuseau_de(fil: Fil, antenne_id: Optional[int]) -> str:
    """The zone of a place; the caisse's by telephone."""
    a = paroles.antenne(fil, antenne_id)
    return fuseau(a.code_postal, fil.caisse.fuseau) if a else fil.caisse.fuseau


def _lire(identifiant: Optional[str]) -> Optional[tuple[int, datetime, Optional[int]]]:
    return lire_id(identifiant) if identifiant else None


def _repond(fil: Fil, lu: tuple[int, datetime, Optional[int]], m: Moment) -> bool:
    """Whether a slot is what a message says: an hour said is that hour, not one near it."""
    return choix.convient(_creneau(fil, lu), m) and (m.heure is None or local_de(fil, lu).time() == m.heure)


def _creneau(fil: Fil, lu: tuple[int, datetime, Optional[int]]) -> Creneau:
    return Creneau(lu[1], lu[1], lu[2], fuseau_de(fil, lu[2]), lu[0])

