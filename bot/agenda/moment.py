"""What a French sentence says of days and hours, as a constraint the agenda can search with. The one function that reads dates: `comprendre`.

It reads, it does not judge: a past day, a Sunday or a feast day is understood as said, and the agenda refuses it by its rules.
Canonical text is made in `moment_texte`, the grammar stands in `moment_regles_*`, the calendar in `moment_dates`.
"""
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple
from zoneinfo import ZoneInfo

from bot.agenda.moment_dates import UN_JOUR, Periode, prochain, semaine_de
from bot.agenda.moment_lecture import Heure, Lecture, restes
from bot.agenda.moment_regles_heures import HEURES_DITES
from bot.agenda.moment_regles_jours import JOURS_DITS
from bot.agenda.moment_regles_souhaits import SOUHAITS
from bot.agenda.moment_texte import canonique
from bot.horloge import PARIS
from bot.texte.typographie import JOURS, date_longue

# The instant that shared/dates_dev.jsonl is written for.
REFERENCE = datetime(2011, 9, 14, 10, 0, tzinfo=PARIS)
# Longer texts are cut: an appointment is asked for in a sentence, and a rule may cost more than the length of its text.
LONGUEUR_MAX = 1000
PARTIES = {"matin": "matin", "apres-midi": "après-midi", "soir": "soir"}
# An interval of hours; None: open on that side.
Plage = Tuple[Optional[time], Optional[time]]
# First day, last day, weekdays wished (0 Monday).
Jours = Tuple[Optional[date], Optional[date], List[int]]


@dataclass(frozen=True)
class Moment:
    """A constraint on days and hours; None and () mean that nothing was said.

    `du` and `au` are included (equal: one day). `heure_de` and `heure_a` bound the hour; `plages` holds the intervals when there are
    several (« de 9 h à 12 h et de 14 h à 17 h »), which the bounds then enclose. `jours` are the only weekdays wished, by name.
    `impossible` is a date or hour that does not exist, as the person named it (the whole text when its bounds exclude each other, as
    « après le 20, avant le 10 »); a date that does not exist leaves nothing else understood. `discordance` is a weekday that is not that
    day's (« mardi 5 octobre » in 2011): `du` is then the numbered day, and the agenda asks.
    """

    du: Optional[date] = None
    au: Optional[date] = None
    heure: Optional[time] = None
    heure_de: Optional[time] = None
    heure_a: Optional[time] = None
    partie: Optional[str] = None
    jours: Tuple[str, ...] = ()
    sans_jours: Tuple[str, ...] = ()
    sans_parties: Tuple[str, ...] = ()
    sans_dates: Tuple[date, ...] = ()
    plages: Tuple[Plage, ...] = ()
    impossible: Optional[str] = None
    discordance: Optional[str] = None

    def __bool__(self) -> bool:
        """False when nothing was understood that can be searched with."""
        return bool(self.du or self.au or self.heure or self.heure_de or self.heure_a or self.plages or self.partie
                    or self.jours or self.sans_jours or self.sans_parties or self.sans_dates)

    def en_json(self) -> Dict[str, Any]:
        """The keys of shared/dates_dev.jsonl: `date,time` for one day or none, `from,to,part` for several; the others when said.

        Two more are ours: `exclude_dates` (« du 3 au 7 sauf le 5 ») and `time_ranges` (several intervals in a day).
        """
        if not self:
            return {}
        dits: Dict[str, Any]
        if self.du != self.au:
            json = {"from": _iso(self.du), "to": _iso(self.au), "part": self.partie}
            dits = {"time": _hhmm(self.heure)}
        else:
            json = {"date": _iso(self.du), "time": _hhmm(self.heure)}
            dits = {"part": self.partie}
        dits |= {"time_from": _hhmm(self.heure_de), "time_to": _hhmm(self.heure_a), "weekdays": list(self.jours),
                 "exclude_weekdays": list(self.sans_jours), "exclude_parts": list(self.sans_parties),
                 "exclude_dates": [_iso(d) for d in self.sans_dates], "time_ranges": [[_hhmm(de), _hhmm(a)] for de, a in self.plages]}
        return json | {cle: valeur for cle, valeur in dits.items() if valeur}

    def en_francais(self) -> str:
        """The constraint in words, to be read back; `comprendre` reads it as the same constraint. '' when there is none.

        >>> comprendre("un mardi aprem avant le 20", REFERENCE).en_francais().replace("\\u00a0", " ")
        "jusqu'au 19 septembre 2011, le mardi, l'après-midi"
        """
        return ", ".join(morceau for morceau in (
            _jours_en_francais(self.du, self.au), _enumerer("le ", self.jours), _parties_en_francais(self.partie), _heures_en_francais(self),
            "sauf " + _enumerer("le ", self.sans_jours) if self.sans_jours else "",
            "sauf " + " et ".join(_AVEC_ARTICLE[p] for p in self.sans_parties) if self.sans_parties else "",
            "sauf " + " et ".join(map(_periode_en_francais, _suites(self.sans_dates))) if self.sans_dates else "") if morceau)


def comprendre(texte: str, maintenant: datetime, zone: ZoneInfo = PARIS, *, refus: bool = True) -> Moment:
    """What `texte` says of days and hours, for a person whose clock shows `maintenant` (aware) in `zone`.

    Never raises on a text. Nothing said, or nothing understood: an empty Moment. `refus=False` is for orders that close time
    (fermer_creneaux, signaler_absence): there « je suis absent du 10 au 14 » names the days of the order, it refuses none.

    >>> comprendre("jeudi aprem mais pas après 16h", REFERENCE).en_json()
    {'date': '2011-09-15', 'time': None, 'part': 'après-midi', 'time_to': '16:00'}
    """
    lecture = Lecture(canonique(texte[:LONGUEUR_MAX]), maintenant.astimezone(zone), refus)
    for regles in (JOURS_DITS, HEURES_DITES, SOUHAITS):
        regles.appliquer(lecture)
    if lecture.dates_impossibles:
        return Moment(impossible=lecture.dates_impossibles[0])
    jours, parties = restes(lecture)
    du, au, voulus = _jours(lecture, jours)
    if du and au and du > au:
        return Moment(impossible=texte.strip())
    impossible = lecture.heures_impossibles[0] if lecture.heures_impossibles else None
    partie, sans_parties = _parties(parties, lecture.sans_parties)
    heure = _heure_exacte(lecture, partie, un_seul_jour=du == au)
    if heure and du and du == au and not _existe(du, heure, zone):
        impossible, heure = f"{date_longue(du)} à {_heure_ecrite(heure)}", None
    plages = _plages(lecture, partie)
    heure_de, heure_a = _enveloppe(plages)
    if heure and ((heure_de and heure < heure_de) or (heure_a and heure > heure_a)):
        heure = None                        # « je ferme à 19 h, donc après 19 h 15 »: the bound is the wish
    if heure and partie and not _convient(heure, partie):
        partie = None
    # « mardi je ne peux pas, mettez le mardi 27 »: the day that is asked for is not refused
    sans_jours = {j for j in lecture.sans_jours if not (du and du == au and du.weekday() == j)}
    sans_dates = {d for d in lecture.sans_dates if not (du == au == d)}
    return Moment(du, au, heure, heure_de, heure_a, partie, _noms(set(voulus) - sans_jours), _noms(sans_jours), sans_parties,
                  tuple(sorted(sans_dates)), tuple(plages) if len(plages) > 1 else (), impossible, lecture.discordance)


def evaluer(lignes: Iterable[Mapping[str, Any]], maintenant: datetime = REFERENCE, zone: ZoneInfo = PARIS) -> Dict[str, Any]:
    """Score lines `{"text", "date", "time", …}`: right when every key of the line has its value (null = absent).

    Returns `n`, `right` (a count), `rate`, `surplus` (right lines for which more was understood than the line holds) and `errors`
    (`text`, `expected`, `got`). `style` and `fuzzy` describe the line and are not compared.
    """
    n = justes = surplus = 0
    erreurs: List[Dict[str, Any]] = []
    for ligne in lignes:
        n += 1
        attendu = {cle: valeur for cle, valeur in ligne.items() if cle not in ("text", "style", "fuzzy")}
        compris = comprendre(ligne["text"], maintenant, zone).en_json()
        if all(compris.get(cle) == valeur for cle, valeur in attendu.items()) and (attendu or not compris):
            justes += 1
            surplus += any(valeur is not None and cle not in attendu for cle, valeur in compris.items())
        else:
            erreurs.append({"text": ligne["text"], "expected": attendu, "got": compris})
    return {"n": n, "right": justes, "rate": justes / n if n else 0.0, "surplus": surplus, "errors": erreurs}


# ---- days -------------------------------------------------------------------------------------------------------------

def _jours(lecture: Lecture, dits: List[Tuple[str, Periode]]) -> Jours:
    """First day, last day and weekdays wished, from the days said, the bounds and the weekdays."""
    voulus = list(lecture.jours)
    noms = [p.du for genre, p in dits if genre == "n"]
    periodes = [_a_venir(p, lecture.aujourdhui) for genre, p in dits if genre != "n"]
    if noms and _sont_une_habitude(noms, periodes, lecture):
        voulus += [d.weekday() for d in noms]
        noms = []
    semaine = next((p for p in periodes if p.duree > 1), None)
    if noms and semaine:
        periodes = [Periode(d, d) for d in (semaine_de(semaine.du).du + n.weekday() * UN_JOUR for n in noms)]
    elif noms and periodes:
        periodes = [Periode(d, d) for d in _pres_des_dates(dits)]
    elif noms:
        periodes = [Periode(d, d) for d in noms]
        voulus += [d.weekday() for d in noms] if len(noms) > 1 else []
    du, au = lecture.du_min, lecture.au_max
    if periodes:
        ensemble, epars = _ensemble(periodes)
        du, au = max(ensemble.du, du or ensemble.du), min(ensemble.au, au or ensemble.au)
        if epars and not voulus:
            voulus = [p.du.weekday() for p in periodes if p.duree == 1]
    return _resserrer(du, au, [j for j in voulus if j not in lecture.sans_jours], lecture)


def _a_venir(p: Periode, aujourdhui: date) -> Periode:
    """« Cette semaine » said on a Wednesday starts on that Wednesday."""
    return Periode(max(p.du, aujourdhui), p.au) if p.entamee and p.au >= aujourdhui else p


def _sont_une_habitude(noms: List[date], periodes: List[Periode], lecture: Lecture) -> bool:
    """Weekdays said alone mean days in general when others were (« lundi ou le jeudi »), when the days said are more than a week
    (« en octobre, mardi »), or when the next such day is out of the bounds (« mardi, à partir du 3 octobre »)."""
    return bool(lecture.jours or any(p.duree > 7 for p in periodes)
                or any((lecture.du_min and d < lecture.du_min) or (lecture.au_max and d > lecture.au_max) for d in noms))


def _pres_des_dates(dits: List[Tuple[str, Periode]]) -> List[date]:
    """A weekday said beside a date: the next one after it (« lundi 26 ou mardi »), or the last one before it when said first."""
    jours: List[date] = []
    for i, (genre, p) in enumerate(dits):
        avant = [d.du for g, d in dits[:i] if g != "n"]
        if genre != "n":
            jours.append(p.du)
        elif avant:
            jours.append(prochain(p.du.weekday(), avant[-1] - UN_JOUR))
        else:
            date_dite = next(d.du for g, d in dits if g != "n")
            jours.append(max(p.du, prochain(p.du.weekday(), date_dite - timedelta(days=8))))
    return jours


def _ensemble(periodes: List[Periode]) -> Tuple[Periode, bool]:
    """All the days said: within one another, the narrowest (« la semaine prochaine, le 20 »); apart, from the first to the last.
    The flag is true when they are single days with gaps: only their weekdays then tell them from the days between."""
    apart: List[Periode] = []
    for p in periodes:
        larges = [q for q in apart if q.contient(p)]
        if larges:
            apart[apart.index(larges[0])] = p
        elif not any(p.contient(q) for q in apart):
            apart.append(p)
    ensemble = Periode(min(p.du for p in apart), max(p.au for p in apart))
    epars = len(apart) > 1 and all(p.duree == 1 for p in apart) and len(apart) < ensemble.duree
    return ensemble, epars


def _resserrer(du: Optional[date], au: Optional[date], voulus: List[int], lecture: Lecture) -> Jours:
    """A weekday wished inside one week is a day, unless it is only preferred; a weekday beside a single day says nothing more."""
    if not du or not au or du > au:
        return du, au, voulus
    if du == au:
        return du, au, []
    if len(set(voulus)) == 1 and (au - du).days < 7 and not any(mot in lecture.texte for mot in ("plutot", "prefer", "ideal")):
        jours = [du + i * UN_JOUR for i in range((au - du).days + 1) if (du + i * UN_JOUR).weekday() == voulus[0]]
        if jours:
            return jours[0], jours[0], []
    return du, au, voulus


def _noms(jours: Iterable[int]) -> Tuple[str, ...]:
    return tuple(JOURS[j] for j in sorted(set(jours)))


# ---- hours and parts of the day ---------------------------------------------------------------------------------------

def _parties(dites: List[str], refusees: List[str]) -> Tuple[Optional[str], Tuple[str, ...]]:
    """The part wished and the parts refused. Two parts wished are the third one refused: it is the only way to say it."""
    voulues = {PARTIES[p] for p in dites}
    sans = {PARTIES[p] for p in refusees}
    if len(voulues) == 2:
        sans |= set(PARTIES.values()) - voulues
    return next(iter(voulues)) if len(voulues) == 1 else None, tuple(p for p in PARTIES.values() if p in sans)


def _heure(h: Optional[Heure], partie: Optional[str]) -> Optional[time]:
    """The hour meant: « 3 h » is in the afternoon, as nobody is received at night; « 8 h » with « le soir » is 20 h."""
    if h is None:
        return None
    douze_plus_tard = not h.certaine and partie != "matin" and (h.heure < 7 or partie == "soir")
    return time(h.heure + 12 * douze_plus_tard, h.minute)


def _heure_exacte(lecture: Lecture, partie: Optional[str], un_seul_jour: bool) -> Optional[time]:
    """The hour said; of two for one day the last: people correct themselves forwards. Two for several days (« le 29 à 11 h ou le 30 à
    14 h ») only bound the hours, as the keys cannot tell which goes with which."""
    heures = [heure for heure in (_heure(h, partie) for h in lecture.heures) if heure is not None]
    if un_seul_jour or len(set(heures)) < 2:
        return heures[-1] if heures else None
    de, a = min(lecture.heures), max(lecture.heures)
    lecture.plages = lecture.plages or [(de, a)]
    return None


def _plages(lecture: Lecture, partie: Optional[str]) -> List[Plage]:
    """The intervals said, or one made of the bounds; « avant 9 h ou après 17 h » makes two, open ones."""
    if lecture.plages:
        plages = [_plage(de, a, partie) for de, a in lecture.plages]
        return [p for p in plages if p[1]] or plages[:1]
    debut, fin = _heure(lecture.heure_de, partie), _heure(lecture.heure_a, partie)
    return [(None, fin), (debut, None)] if debut and fin and fin <= debut else [(debut, fin)]


def _plage(de: Heure, a: Heure, partie: Optional[str]) -> Plage:
    """« de 10 h à 1 h » ends in the afternoon; an end that stays before its beginning is not kept."""
    debut, fin = _heure(de, partie), _heure(a, partie)
    if debut and fin and fin <= debut:
        fin = time(fin.hour + 12, fin.minute) if fin.hour < 12 and not a.certaine else None
    return debut, fin if fin and debut and fin > debut else None


def _enveloppe(plages: List[Plage]) -> Plage:
    """The bounds that hold all the intervals said."""
    debuts, fins = [de for de, _ in plages if de is not None], [a for _, a in plages if a is not None]
    return min(debuts) if len(debuts) == len(plages) else None, max(fins) if len(fins) == len(plages) else None


def _convient(heure: time, partie: str) -> bool:
    return {"matin": heure.hour < 12, "après-midi": 12 <= heure.hour < 20, "soir": heure.hour >= 16}[partie]


def _existe(jour: date, heure: time, zone: ZoneInfo) -> bool:
    """False in the hour that is skipped when summer time begins."""
    local = datetime.combine(jour, heure, tzinfo=zone)
    return local.astimezone(timezone.utc).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)


# ---- words ------------------------------------------------------------------------------------------------------------

_AVEC_ARTICLE = {"matin": "le matin", "après-midi": "l'après-midi", "soir": "le soir"}


def _iso(jour: Optional[date]) -> Optional[str]:
    return jour.isoformat() if jour else None


def _hhmm(heure: Optional[time]) -> Optional[str]:
    return f"{heure:%H:%M}" if heure is not None else None


def _heure_ecrite(heure: time, partie: Optional[str] = None) -> str:
    matin = heure.hour < (12 if partie == "soir" else 7)
    return f"{heure.hour}\u00a0h\u00a0{heure.minute:02d}" + (" du matin" if matin else "")


def _jours_en_francais(du: Optional[date], au: Optional[date]) -> str:
    if du and au:
        return f"le {date_longue(du, jour_semaine=True)}" if du == au else f"du {date_longue(du)} au {date_longue(au)}"
    return f"à partir du {date_longue(du)}" if du else f"jusqu'au {date_longue(au)}" if au else ""


def _suites(jours: Tuple[date, ...]) -> List[Periode]:
    """The days that follow one another, as periods."""
    suites: List[Periode] = []
    for jour in jours:
        if suites and jour == suites[-1].au + UN_JOUR:
            suites[-1] = Periode(suites[-1].du, jour)
        else:
            suites.append(Periode(jour, jour))
    return suites


def _periode_en_francais(p: Periode) -> str:
    return f"le {date_longue(p.du)}" if p.du == p.au else f"du {date_longue(p.du)} au {date_longue(p.au)}"


def _enumerer(article: str, noms: Tuple[str, ...]) -> str:
    return " et ".join(article + nom for nom in noms)


def _parties_en_francais(partie: Optional[str]) -> str:
    return _AVEC_ARTICLE[partie] if partie else ""


def _heures_en_francais(m: Moment) -> str:
    plages = " et ".join(_plage_en_francais(de, a, m.partie) for de, a in m.plages or ((m.heure_de, m.heure_a),))
    return ", ".join(dit for dit in (f"à {_heure_ecrite(m.heure, m.partie)}" if m.heure is not None else "", plages) if dit)


def _plage_en_francais(de: Optional[time], a: Optional[time], partie: Optional[str]) -> str:
    if de and a:
        return f"de {_heure_ecrite(de, partie)} à {_heure_ecrite(a, partie)}"
    return f"à partir de {_heure_ecrite(de, partie)}" if de else f"avant {_heure_ecrite(a, partie)}" if a else ""


__all__ = ["REFERENCE", "Moment", "comprendre", "evaluer"]
