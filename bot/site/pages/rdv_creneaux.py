"""What the booking pages show of the agenda: subjects, places, free slots by day, and why there is none. Reads only; the routes are next door."""
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Mapping, Optional, Sequence
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from bot.agenda import choix, motifs
from bot.agenda.creneaux import Creneau
from bot.agenda.dialogue.lexique import bouton, general, lexique
from bot.agenda.dialogue.paroles import majuscule
from bot.agenda.instants import en_lettres, heure_en_lettres, jour_local
from bot.agenda.moment import Moment
from bot.agenda.recherche import chercher, proches
from bot.agenda.refus import CreneauPris
from bot.contacts.tables import Antenne, Caisse, Entretien, Motif
from bot.knowledge.calculs import ErreurCalcul
from bot.knowledge.calculs.dates import lire_date
from bot.texte.normalisation import nettoyer
from bot.texte.typographie import date_longue, quantite

PARTIES = {"matin": "Le matin", "après-midi": "L'après-midi"}
TELEPHONE, PARTOUT = "telephone", "partout"
JOURS_MONTRES = 5
# What a step of the search removed, for one instant and for several.
_PERTES = {"ferie": ("tombe un jour férié", "tombent un jour férié"), "fermeture": ("est fermé", "sont fermés"),
           "trop_tot": ("est à moins de {delai} heures", "sont à moins de {delai} heures"),
           "trop_loin": ("est à plus de {horizon} jours", "sont à plus de {horizon} jours"), "pris": ("est pris", "sont pris"),
           "max_par_jour": ("tombe un jour complet", "tombent un jour complet")}


@dataclass(frozen=True)
class Souhait:
    """What the address asks for: subject, place (an antenne's id, TELEPHONE or PARTOUT), from which day, which part of the day."""

    sujet: Optional[str] = None
    lieu: Optional[str] = None
    du: Optional[date] = None
    partie: Optional[str] = None

    def adresse(self, chemin: str = "/rendez-vous/creneaux", **autres: Optional[str]) -> str:
        """An address that carries it."""
        champs = {**self.champs, **autres}
        return chemin + "?" + urlencode({k: v for k, v in champs.items() if v})

    @property
    def champs(self) -> dict[str, Optional[str]]:
        """As fields of an address or of hidden inputs."""
        return {"sujet": self.sujet, "lieu": self.lieu, "du": self.du.isoformat() if self.du else None, "partie": self.partie}


@dataclass(frozen=True)
class Lu:
    """A wish read from an address, and what was wrong in it: (value typed, sentence) of the date."""

    souhait: Souhait
    du_tape: str = ""
    erreur: Optional[str] = None


@dataclass(frozen=True)
class Offert:
    """A free slot as it is shown. `heure`: « 9 h 00 »; `quand`: in full, with the clock when it is another's; `ou`: the antenne, if it varies."""

    id: str
    heure: str
    quand: str
    ou: Optional[str]


@dataclass(frozen=True)
class Jour:
    """A day and its free slots."""

    titre: str
    creneaux: Sequence[Offert]


@dataclass(frozen=True)
class Piste:
    """What can be tried when nothing is free: a sentence and where it leads."""

    libelle: str
    adresse: str


@dataclass(frozen=True)
class Explication:
    """Why nothing is free for a wish, in sentences, and what letting one wish go gives."""

    phrases: Sequence[str]
    pistes: Sequence[Piste]


@dataclass(frozen=True)
class Offre:
    """A page of slots. `suite`: from which day the next page starts; `explication`: why the day asked for, or everything, is empty."""

    motif: Motif
    ou: str
    jours: Sequence[Jour]
    suite: Optional[date]
    explication: Optional[Explication]
    vide: bool


# ---- subjects and places ----------------------------------------------------------------------------------------------


def famille(code: str) -> str:
    """« retraite » and « retraite_telephone » are one subject."""
    return code.removesuffix("_telephone")


def familles(session: Session, caisse_code: str) -> dict[str, dict[str, Motif]]:
    """The motifs people may book themselves, by subject and modality."""
    trouvees: dict[str, dict[str, Motif]] = {}
    for m in motifs.motifs(session, caisse_code):
        trouvees.setdefault(famille(m.code), {})[m.modalite] = m
    return trouvees


def sujets(offertes: Mapping[str, Mapping[str, Motif]]) -> list[tuple[str, str]]:
    """(code, words) of the subjects, in the order of the lexicon; the general one last."""
    connus = list(lexique()["sujets"])
    ordre = sorted(offertes, key=lambda c: (c == general(), connus.index(c) if c in connus else len(connus)))
    return [(c, bouton("sujets", c) if c in connus else next(iter(offertes[c].values())).libelle.split(",")[0]) for c in ordre]


def motif_de(offertes: Mapping[str, Mapping[str, Motif]], sujet: str, modalite: str) -> Optional[Motif]:
    """The motif of a subject in a modality; the general one when the subject has none in it, as in the conversation."""
    return next((offertes[s][modalite] for s in (sujet, general()) if modalite in offertes.get(s, {})), None)


def titre(motif: Motif) -> str:
    """What a motif is about, without its modality: « Préparer sa retraite (entretien EIG) »."""
    return motif.libelle.rpartition(", ")[0] or motif.libelle


def a_l_antenne(antenne: Optional[Antenne]) -> str:
    """« à l'antenne de Bayonne », « par téléphone »."""
    return f"à l'antenne de {antenne.nom}" if antenne else "par téléphone"


def lieu_de(caisse: Caisse, lieu: Optional[str]) -> "tuple[str, Optional[Antenne]] | None":
    """(modality, antenne) that a place of the address means; None when it means nothing here."""
    if lieu == TELEPHONE:
        return "telephone", None
    if lieu == PARTOUT:
        return "presentiel", None
    antenne = next((a for a in caisse.antennes if str(a.id) == lieu), None)
    return ("presentiel", antenne) if antenne else None


# ---- reading the address ----------------------------------------------------------------------------------------------


def lire_souhait(champs: Mapping[str, str], aujourdhui: date) -> Lu:
    """The wish of an address. A date that cannot be read, or that is past, is set aside and said."""
    partie = {"apres-midi": "après-midi"}.get(champs.get("partie", ""), champs.get("partie", ""))
    souhait = Souhait(champs.get("sujet") or None, champs.get("lieu") or None, partie=partie if partie in PARTIES else None)
    tape = nettoyer(champs.get("du", ""))[:60]
    if not tape:
        return Lu(souhait)
    try:
        du = lire_date(tape, aujourdhui)
    except ErreurCalcul as e:
        return Lu(souhait, tape, e.message)
    if du < aujourdhui:
        return Lu(souhait, tape, f"Le {date_longue(du)} est passé. Choisissez un jour à partir du {date_longue(aujourdhui)}.")
    return Lu(replace(souhait, du=du), tape)


# ---- slots ------------------------------------------------------------------------------------------------------------


def offrir(session: Session, caisse: Caisse, offertes: Mapping[str, Mapping[str, Motif]], motif: Motif, souhait: Souhait, maintenant: datetime, *,
           porteur: Optional[str] = None, pour: Optional[Entretien] = None, chemin: str = "/rendez-vous/creneaux") -> Offre:
    """The slots of a motif from the day wished, by day, and the reasons when that day or everything is empty. `pour`: the entretien being moved;
    `chemin`: the page that the ways out lead to."""
    _, antenne = lieu_de(caisse, souhait.lieu) or ("", None)
    voulu = Moment(du=souhait.du, partie=souhait.partie)
    libres = [c for c in chercher(session, motif, maintenant, antenne_id=antenne.id if antenne else None, du=souhait.du, pour=pour,
                                  conversation_id=porteur).creneaux if choix.convient(c, voulu)]
    jours = [(j, list(cs)) for j, cs in groupby(libres, key=lambda c: c.local.date())]
    explication = None
    if not libres or (souhait.du and jours[0][0] != souhait.du):
        explication = _expliquer(session, caisse, offertes, motif, souhait, maintenant, chemin, porteur=porteur, pour=pour, apres=bool(libres))
    montres = jours[:JOURS_MONTRES]
    ou = a_l_antenne(antenne) if antenne or motif.modalite == "telephone" else "dans nos antennes"
    return Offre(motif, ou, [Jour(majuscule(date_longue(j, jour_semaine=True)), [offert(caisse, c, dire_lieu=antenne is None) for c in cs])
                             for j, cs in montres],
                 montres[-1][0] + timedelta(days=1) if len(jours) > len(montres) else None, explication, not libres)


def offert(caisse: Caisse, c: Creneau, *, dire_lieu: bool = True) -> Offert:
    """A slot as it is shown."""
    quand = en_lettres(c.debut, c.fuseau, caisse.fuseau)
    _, ouvre, zone = quand.partition(" (")
    antenne = next((a for a in caisse.antennes if a.id == c.antenne_id), None)
    return Offert(c.id, heure_en_lettres(c.local) + ouvre + zone, quand, a_l_antenne(antenne) if dire_lieu and antenne else None)


def _expliquer(session: Session, caisse: Caisse, offertes: Mapping[str, Mapping[str, Motif]], motif: Motif, souhait: Souhait, maintenant: datetime,
               chemin: str, *, porteur: Optional[str], pour: Optional[Entretien], apres: bool) -> Explication:
    """`apres`: something is free later than the day asked for, so only that day is explained."""
    _, antenne = lieu_de(caisse, souhait.lieu) or ("", None)
    moment = Moment(du=souhait.du, au=souhait.du if apres else None, partie=souhait.partie)
    autre_modalite = "telephone" if motif.modalite == "presentiel" else "presentiel"
    autre = motif_de(offertes, souhait.sujet or "", autre_modalite) if pour is None else None
    prop = choix.proposer(session, motif, moment, maintenant, antenne_id=antenne.id if antenne else None, pour=pour, conversation_id=porteur,
                          autre=autre)
    ou = "" if antenne is None and motif.modalite == "presentiel" else f" {a_l_antenne(antenne)}"
    dit = moment.en_francais()
    phrases = [f"Rien n'est libre{ou}{', ' + dit if dit else ''}."]
    horizon = jour_de_la_caisse(caisse, maintenant) + timedelta(days=motif.delai_max_j)
    if souhait.du is not None and souhait.du > horizon:
        phrases.append(f"L'agenda s'ouvre {motif.delai_max_j} jours à l'avance : jusqu'au {date_longue(horizon)}.")
    elif prop.ferie:
        phrases.append(f"C'est un jour férié ({prop.ferie}).")
    elif prop.pertes.get("existants"):
        phrases.append(_compter(prop.pertes, motif))
    else:
        phrases.append("Personne ne reçoit à ce moment-là.")
    if apres:
        return Explication([*phrases, "Voici les premiers créneaux qui suivent."], [])
    return Explication(phrases, _pistes(prop, souhait, chemin, motif))


def _compter(pertes: Mapping[str, int], motif: Motif) -> str:
    """« 12 créneaux existent : 9 sont pris, 3 sont à moins de 24 heures. »"""
    n = pertes["existants"]
    detail = ", ".join(f"{nombre} {formes[nombre > 1]}" for etape, formes in _PERTES.items() if (nombre := pertes.get(etape, 0)))
    existe = f"{quantite(n, 'créneau', 'créneaux')} {'existe' if n == 1 else 'existent'}"
    return f"{existe} : {detail.format(delai=motif.delai_min_h, horizon=motif.delai_max_j)}."


def _pistes(prop: choix.Proposition, souhait: Souhait, chemin: str, motif: Motif) -> list[Piste]:
    """Each wish that, let go alone, gives something."""
    lache = {"partie": (replace(souhait, partie=None), "à un autre moment de la journée"), "du": (replace(souhait, du=None), "plus tôt"),
             "antenne": (replace(souhait, lieu=PARTOUT), "dans une autre antenne")}
    pistes = []
    for r in prop.relachements:
        if r.contrainte in lache:
            elargi, mots = lache[r.contrainte]
            libelle = f"Voir {'le créneau libre' if r.nombre == 1 else f'les {r.nombre} créneaux libres'} {mots}"
            pistes.append(Piste(libelle, elargi.adresse(chemin)))
    if prop.autre_modalite is not None:
        autre = replace(souhait, lieu=TELEPHONE if motif.modalite == "presentiel" else PARTOUT)
        pistes.append(Piste("Voir les créneaux par téléphone" if motif.modalite == "presentiel" else "Voir les créneaux dans nos antennes",
                            autre.adresse(chemin)))
    return pistes


def jour_de_la_caisse(caisse: Caisse, maintenant: datetime) -> date:
    """The day on the caisse's own clock."""
    return jour_local(maintenant, caisse.fuseau)


def est_libre(session: Session, motif: Motif, debut: datetime, antenne_id: Optional[int], maintenant: datetime, *, porteur: Optional[str],
              pour: Optional[Entretien] = None) -> Optional[Creneau]:
    """The slot, when it may still be booked by who holds `porteur`."""
    jour, un_jour = jour_local(debut, session.get_one(Caisse, motif.caisse_code).fuseau), timedelta(days=1)
    libres = chercher(session, motif, maintenant, antenne_id=antenne_id, du=jour - un_jour, au=jour + un_jour, pour=pour, conversation_id=porteur)
    return next((c for c in libres.creneaux if c.debut == debut and c.antenne_id == antenne_id), None)


def perdu(session: Session, motif: Motif, debut: datetime, antenne_id: Optional[int], maintenant: datetime, *,
          pour: Optional[Entretien] = None) -> CreneauPris:
    """What is said of a slot that is gone: the refusal, with the three nearest."""
    return CreneauPris(proches(session, motif, debut, maintenant, antenne_id=antenne_id, pour=pour))
