"""Results of a wave: counts, rates with their interval, response, modes and forms, what was said and heard, themes of comments.

Counting happens in one query; formulas are `statistiques`. What the exchange file takes is `bloc`; the words and the table are the page's.
"""
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.contacts.tables import Commentaire, ContactDomaine, Participation, Reponse, UniteSondage, Vague
from bot.contacts.tables.contact import DOMAINES
from bot.enquete import cadre, commentaires, vagues
from bot.enquete.questionnaire import ECRIT, PASSE, Echelle, Item, Questionnaire, locales_de, questionnaire
from bot.enquete.statistiques import SEUIL, TAILLE_RECENSEMENT, Ecart, Taux, dit_entendu, masquees, taux
from bot.texte.typographie import nombre

# Item → code → how many respondents gave it.
Comptes = Mapping[str, Mapping[str, int]]
LOT = 10  # waves counted together: their answers are sorted within SQLite's page cache, not on the disk
MODES = {"chatbot": "Conversation", "web": "Page du site", "telephone": "Téléphone", "papier": "Papier"}
FORMES = {"physique": "Sur place", "telephone": "Par téléphone", "courrier": "Courrier", "courriel": "Courriel", "collective": "Rencontre"}


def compter(session: Session, vague_ids: Sequence[int], par: Optional[str] = None) -> dict[tuple[int, Optional[str]], dict[str, dict[str, int]]]:
    """Counts by item and code of each wave: {(wave, None): {item: {code: n}}}; `par` « mode » or « forme » splits each wave further.

    Only respondents count (one expressed answer at least), whole and partial alike; « passe » is counted, since the item was shown.
    """
    colonne = getattr(Participation, par) if par else None
    groupes = [Participation.vague_id, *([colonne] if colonne is not None else []), Reponse.item, Reponse.code]
    lues: dict[tuple[int, Optional[str]], dict[str, dict[str, int]]] = {}
    requete = select(*groupes, func.count()).join(Reponse, Reponse.pseudonyme == Participation.pseudonyme).where(Participation.exprimee)
    for debut in range(0, len(vague_ids), LOT):
        for ligne in session.execute(requete.where(Participation.vague_id.in_(vague_ids[debut:debut + LOT])).group_by(*groupes)):
            *cles, item, code, n = ligne
            lues.setdefault((cles[0], cles[1] if par else None), {}).setdefault(item, {})[code] = n
    return lues


@dataclass(frozen=True)
class ResultatItem:
    """One item: how many saw it, the counts of its codes in the order of the scale (« passe » last), its rate (None for a list or a comment)."""

    item: Item
    echelle: Echelle
    vus: int
    comptes: Mapping[str, int]
    taux: Optional[Taux]
    local: bool

    @property
    def visible(self) -> bool:
        """Whether sub-counts may be shown: 11 expressed answers at least."""
        exprimees = self.taux.exprimees if self.taux else self.vus - self.comptes.get(PASSE, 0)
        return exprimees >= SEUIL

    @property
    def distribution(self) -> list[tuple[str, int]]:
        """Labels and counts."""
        libelles = {**self.echelle.codes, ECRIT: "Ont écrit quelque chose", PASSE: "Question passée"}
        return [(libelles[c], n) for c, n in self.comptes.items()]


@dataclass(frozen=True)
class Segment:
    """A piece of a diverging bar: its label, its share of expressed answers, its left edge (0 = most negative, 0.5 = the middle, 1), its length, and
    how it reads: « tres », « plutot », « plutot_pas », « pas »."""

    libelle: str
    part: float
    debut: float
    longueur: float
    genre: str


def barre(resultat: ResultatItem) -> list[Segment]:
    """The diverging bar of an item: what is positive to the right of the middle, the rest to the left, mild answers inside. Empty when masked."""
    t = resultat.taux
    if t is None or t.taux is None:
        return []
    parts = {c: resultat.comptes[c] / t.exprimees for c in (*resultat.echelle.negatifs, *resultat.echelle.positifs)}
    # From the left: the most negative first; the scale's own order is from the most positive to the most negative.
    ordre = [c for c in reversed(resultat.echelle.codes) if c in parts]
    bord, segments = 0.5 - sum(parts[c] for c in resultat.echelle.negatifs) / 2, []
    for code in ordre:
        extreme = code in (resultat.echelle.positifs[0], resultat.echelle.negatifs[-1])
        genre = ("tres" if extreme else "plutot") if code in resultat.echelle.positifs else ("pas" if extreme else "plutot_pas")
        segments.append(Segment(resultat.echelle.codes[code], parts[code], bord, parts[code] / 2, genre))
        bord += parts[code] / 2
    return segments


@dataclass(frozen=True)
class Ventilation:
    """The rate of Q1 in each part of a wave (by mode, by form). `taux` None: hidden, below the threshold or to protect a part that is."""

    nom: str
    repondants: int
    taux: Optional[Taux]


@dataclass(frozen=True)
class Resultats:
    """Everything the page and the command show of a wave."""

    vague: Vague
    etat: vagues.Etat
    items: Sequence[ResultatItem]
    modes: Sequence[Ventilation]
    formes: Sequence[Ventilation]
    ecarts: Mapping[str, Ecart]
    themes: Mapping[str, int]
    extraits: Sequence[str]


def resultats(session: Session, vague: Vague) -> Resultats:
    """The results of a wave as they stand now. Raises QuestionnaireChange, VersionInconnue."""
    q, etat = questionnaire(vague.version), vagues.etat(session, vague)
    comptes = compter(session, [vague.id]).get((vague.id, None), {})
    return Resultats(vague, etat, _items(session, vague, q, comptes, etat.base),
                     _ventiler(session, vague, q, "mode", MODES),
                     _ventiler(session, vague, q, "forme", FORMES), _ecarts(session, vague, comptes),
                     {commentaires.THEMES[t]: n for t, n in commentaires.themes(session, [vague.id]).items()}, _extraits(session, vague))


def _items(session: Session, vague: Vague, q: Questionnaire, comptes: Comptes, N: int) -> list[ResultatItem]:
    locales = locales_de(vague.locales)
    poses = {i.id: i for forme in (cadre.formes(session, vague) or {"physique": 0})
             for i in q.poses(vagues.module_de(session, vague), forme, locales)}
    ordre = [i.id for i in (*q.items, *(locales.items if locales else ()))]
    vus = {i: n for i, n in session.execute(select(Reponse.item, func.count(func.distinct(Reponse.pseudonyme))).join(
        Participation, Participation.pseudonyme == Reponse.pseudonyme).where(Participation.vague_id == vague.id, Participation.exprimee)
        .group_by(Reponse.item))}
    return [resultat_item(poses[i], q, comptes.get(i, {}), vus.get(i, 0), N) for i in ordre if i in poses]


def resultat_item(item: Item, q: Questionnaire, comptes: Mapping[str, int], vus: int, N: int) -> ResultatItem:
    """One item from its counts; `vus`: people who saw it, fewer than the counts of a list; N: size of the frame."""
    echelle = q.echelle(item)
    siens = {c: comptes.get(c, 0) for c in (*(echelle.codes or (ECRIT,)), PASSE)}
    t = taux(siens, echelle.positifs, echelle.negatifs, max(N, vus)) if echelle.positifs else None
    return ResultatItem(item, echelle, vus, siens, t, item.id.startswith("LOC"))


def _ventiler(session: Session, vague: Vague, q: Questionnaire, par: str, noms: Mapping[str, str]) -> list[Ventilation]:
    """Q1 by mode or by form. By form each part has its own frame, once each has 60 (§3b); by mode there is none: who answers how is a choice."""
    echelle = q.echelle(next(i for i in q.items if i.id == "Q1"))
    repondants = {nom: n for nom, n in session.execute(select(getattr(Participation, par), func.count()).where(
        Participation.vague_id == vague.id, Participation.exprimee).group_by(getattr(Participation, par)))}
    parts = {str(cle): c.get("Q1", {}) for (_, cle), c in compter(session, [vague.id], par).items()}
    bases = cadre.formes(session, vague) if par == "forme" else {}
    seules = bool(bases) and min(bases.values()) < TAILLE_RECENSEMENT
    taux_par = {p: taux(parts.get(p, {}), echelle.positifs, echelle.negatifs, bases.get(p)) for p in repondants}
    caches = masquees({p: (t.exprimees, t.positives) for p, t in taux_par.items()})
    return [Ventilation(noms[p], repondants[p], None if p in caches or seules else taux_par[p]) for p in noms if p in repondants]


def _ecarts(session: Session, vague: Vague, comptes: Comptes) -> dict[str, Ecart]:
    """Said beside heard, by domain: what counsellors recorded of the contacts of the frame, what respondents say was spoken of (Q5)."""
    entendus = comptes.get("Q5", {})
    repondants = session.scalar(select(func.count(func.distinct(Reponse.pseudonyme))).join(
        Participation, Participation.pseudonyme == Reponse.pseudonyme).where(
        Participation.vague_id == vague.id, Participation.exprimee, Reponse.item == "Q5", Reponse.code != PASSE)) or 0
    contacts = select(UniteSondage.contact_id).where(UniteSondage.vague_id == vague.id, UniteSondage.exclusion.is_(None)).distinct()
    dits = {d: n for d, n in session.execute(select(ContactDomaine.domaine, func.count()).where(
        ContactDomaine.contact_id.in_(contacts), ContactDomaine.profondeur > 0).group_by(ContactDomaine.domaine))}
    total = session.scalar(select(func.count()).select_from(contacts.subquery())) or 0
    return dit_entendu({d: dits.get(d, 0) for d in DOMAINES}, total, entendus, repondants)


def _extraits(session: Session, vague: Vague) -> list[str]:
    return [e for e in session.scalars(select(Commentaire.extrait).where(
        Commentaire.vague_id == vague.id, Commentaire.etat == "retenu", Commentaire.extrait.is_not(None)).order_by(Commentaire.id)) if e]


# -- words --------------------------------------------------------------------------------------------------------------------------------------


def pour_cent(p: float) -> str:
    """« 86 % »."""
    return f"{nombre(round(100 * p))} %"


def dire_taux(t: Taux) -> str:
    """A rate in words, with its interval or why there is none: « 86 % (entre 74 % et 93 %, 56 réponses exprimées) »."""
    if t.taux is None or t.intervalle is None:
        return f"{nombre(t.exprimees)} réponse{'s' if t.exprimees > 1 else ''} exprimée{'s' if t.exprimees > 1 else ''} : trop peu pour un taux"
    if t.intervalle.recensement:
        return f"{pour_cent(t.taux)} (recensement : pas d'erreur d'échantillonnage, {nombre(t.exprimees)} réponses exprimées)"
    return f"{pour_cent(t.taux)} (entre {pour_cent(t.intervalle.bas)} et {pour_cent(t.intervalle.haut)}, {nombre(t.exprimees)} réponses exprimées)"


def dire_net(t: Taux) -> str:
    """The net balance: « + 71 points »."""
    if t.net is None:
        return "—"
    points = round(100 * t.net)
    return f"{'+' if points > 0 else '−' if points < 0 else ''} {nombre(abs(points))} points".strip()
