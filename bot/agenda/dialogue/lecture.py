"""What a message says that an act can use: moment, modality, subject, code and name, yes and no. Reads; what is done with it is each act's.

Days and hours are read by `moment.comprendre` alone; here a wish is only put together with the one before, and kept in a draft.
"""
import re
import unicodedata
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time
from typing import Any, Mapping, Optional

from bot.agenda.dialogue.lexique import dit, lexique, reconnus
from bot.agenda.instants import zone
from bot.agenda.moment import Moment, comprendre
from bot.contacts.codes import ALPHABET
from bot.texte.normalisation import cle
from bot.texte.typographie import JOURS, MOIS

_OUI = re.compile(r"(?:ben |bah |ah |bon |mais |tout a fait |alors |euh |heu |eh bien )*(?:oui+|ouais|ouep|yep|wi|ui|oki?"
                  r"|okay|d ?accord|dac+|c ?est (?:bon|tout bon|bien ca|ca|parfait|ok|d accord|nickel|impeccable)|c ?bon|j ?e? ?confirme?"
                  r"|confirme[rz]?|parfait|nickel|go|yes|volontiers|tres bien|exact(?:ement)?|impec(?:cable)?|banco|valide[rz]?"
                  r"|je (?:prends|valide)|(?:allez|vas) y|vazy|ca (?:marche|roule)|ca me va|reservez|bien sur"
                  r"|absolument|carrement|evidemment|tout a fait)\b")
# « Oui mais c'est loin » confirms nothing.
_RESERVE = re.compile(r"\b(?:mais|sauf|par contre|attend\w*|avant)\b")
_NON = re.compile(r"(?:ah |ben |bah |oh |mais |finalement |en fait |euh |heu |desolee? |pardon )*"
                  r"(?:non+|nan+|nn|no|nope|pas du tout|surtout pas|negatif|faux)\b")
_STOP = re.compile(r"(?:(?:non|nan|nn|bon|ok|allez|finalement|en fait|euh|heu|ah|oh|ben|bah|bof|merci|desolee?|pardon|c est bon|cest bon|stop) )*"
                   r"(?:stop+|sto+p|(?:j )?arrete[rz]?(?: tout| ca| la)?|on (?:arrete|annule|laisse tomber)(?: tout| ca| la)?|je laisse tomber"
                   r"|je (?:veux|voudrais|prefere|vais) (?:tout )?arreter(?: la| tout)?|je ne? ?veux plus(?: rien| de rendez vous| de rdv)?"
                   r"|laisse[rz]?(?: tomber| beton)?|abandon(?:ne[rz]?)?|j abandonne|tant pis|oublie[rz]?(?: ca| tout| ma demande)?"
                   r"|annule[rz]?(?: tout| ca| tout ca| la demande| ma demande)?|quitter|exit|laisse tombe|laissez tomber|plus la peine|pas la peine)"
                   r"(?: merci| svp| s il vous plait| stp| tout de suite)*")
_QUESTION = re.compile(r"(?:et |mais |au fait |dites |bonjour |d abord |avant ca |pardon )*(?:combien|koman|comment|quel(?:le)?s?|kel|qu est ce"
                       r"|c est quoi|c koi|est ce (?:que|qu)|pourquoi|ou (?:est|se|sont|dois|faut)|quand (?:est|dois|faut)|qui (?:est|peut|doit)"
                       r"|faut il|dois je|puis je|peut on|a (?:quel|kel)(?:le)?|que (?:dois|faut|faire)|a quoi|suis je|ai je|y a t il)\b")
MASQUE = "masque"
_CHANGER = re.compile(r"\b(?:chang\w*|modifi\w*|corrig\w*|rectifi\w*|(?:me suis )?tromp\w*|refai\w*|pas (?:le |la |mon |ma )?bon(?:ne)?)\b")
# What can be changed of a booking, and the words for it.
_QUOI = {"moment": ("jour", "heure", "date", "horaire", "creneau"), "lieu": ("lieu", "antenne", "endroit", "ville", "adresse"),
         "sujet": ("sujet", "motif", "theme"), "identite": ("nom", "prenom", "coordonnee", "telephone", "numero", "courriel", "mail")}
_SIGNES = f"[{ALPHABET}]"
_CODE = re.compile(rf"(?<![\w-]){_SIGNES}{{4}}[- ]?{_SIGNES}{{4}}(?![\w-])")
_CODE_DIT = re.compile(r"\bcode\b(?: (?:d'invitation|personnel|de rendez-vous|de rdv|rdv))?(?:\s+(?:est|c'est))?\s*(?:le|:)?\s*"
                       r"([A-Za-z0-9]{4}[- ]?[A-Za-z0-9]{3,5}|[A-Za-z0-9]{5,10})\b", re.I)
_JOURS_MOIS = "|".join((*JOURS, *MOIS, "demain", "matin", "midi", "soir", "apres"))
_NOM_DIT = re.compile(r"(?:m'appelle|mon nom(?: est| c'est)?|au nom de|nom ?:|nom est|\bmme|\bmadame|\bmonsieur|\bmlle|\bm\.)\s*:?\s*"
                      r"([^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*)?)", re.I)
_APRES_NOM = re.compile(rf"\s(?:à|a|au|aux|pour|vers|et|en|dans|la semaine|svp|merci|le (?=\d|{_JOURS_MOIS})|{_JOURS_MOIS}|\d).*"
                        r"|[,;:.!?].*", re.I)
PARTICULES = frozenset({"le", "la", "de", "du", "des"})
# « mon rdv du 12 à déplacer au 19 »: the day of before is not the one asked for.
_ANCIEN = re.compile(r"\b(rdv|rendez[- ]vous|entretien|rv|celui|créneau)\s+(?:prévu\s+|fixé\s+)?(?:du|de|le|prévu le|d')\s*"
                     r"(?:\w+\s+){0,3}?\d{0,2}[^,;]*?(?=\s(?:à|a|au|en|pour|vers|sur|par)\s)", re.I)


@dataclass(frozen=True)
class Lu:
    """A message as the acts read it. `code` and `nom`: as typed; `masque`: the site took out of it what identifies (`saisie`)."""

    texte: str = ""
    mots: str = ""
    moment: Moment = field(default_factory=Moment)
    modalite: Optional[str] = None
    sujets: tuple[str, ...] = ()
    quand_libre: bool = False
    autres: bool = False
    oui: bool = False
    non: bool = False
    stop: bool = False
    question: bool = False
    code: Optional[str] = None
    nom: Optional[str] = None
    masque: bool = False

    @property
    def quoi(self) -> Optional[str]:
        """Which field the words name: « moment », « lieu », « sujet », « identite »; None when none."""
        return next((q for q, noms in _QUOI.items() if dit(self.mots, noms)), None)

    @property
    def a_changer(self) -> Optional[str]:
        """The field that « changer le sujet », « je me suis trompé de nom » want corrected."""
        return self.quoi if _CHANGER.search(self.mots) and not self.question else None

    @property
    def court(self) -> bool:
        """Short as an answer is, not as a story."""
        return len(self.mots.split()) <= 8


def lire(texte: Optional[str], maintenant: datetime, fuseau: str, intention: Optional[str] = None, *, code_attendu: bool = False) -> Lu:
    """A typed message (masked by the site). `code_attendu`: a code was just asked, so that any eight signs are one."""
    if not texte:
        return Lu()
    mots = cle(texte)
    code, nom, reste = code_et_nom(texte, code_attendu)
    moment = comprendre(_ANCIEN.sub(r"\1", reste), maintenant, zone(fuseau))
    oui_dit = _OUI.match(mots)
    oui = (bool(oui_dit) or intention == "affirmer") and not _RESERVE.search(mots, oui_dit.end() if oui_dit else 0)
    non = bool(_NON.match(mots)) or (intention == "nier" and not oui)
    return Lu(texte, mots, moment, modalite(mots), reconnus("sujets", mots), dit(mots, lexique()["quand_libre"]), dit(mots, lexique()["autres"]),
              oui and not non, non, bool(_STOP.fullmatch(mots)), texte.rstrip(" !.").endswith("?") or bool(_QUESTION.match(mots)), code, nom,
              MASQUE in mots)


def modalite(mots: str) -> Optional[str]:
    """« telephone » or « presentiel » as wished; what is refused (« pas par téléphone ») is the wish of the other."""
    modes = lexique()["modalites"]
    for nom, autre in (("telephone", "presentiel"), ("presentiel", "telephone")):
        refus = [f"pas {m}" for m in modes[nom]["mots"]] + [f"plutot que {m}" for m in modes[nom]["mots"]]
        if dit(mots, refus) or (nom == "presentiel" and dit(mots, modes[nom]["sauf"])):
            return autre
    return next((nom for nom in ("telephone", "presentiel") if dit(mots, modes[nom]["mots"], modes[nom]["sauf"])), None)


# ---- codes and names --------------------------------------------------------------------------------------------------


def code_et_nom(texte: str, attendu: bool) -> tuple[Optional[str], Optional[str], str]:
    """(code, name, the rest of the message): a code has a digit, or capitals, or the word « code » before it; common words have none of these."""
    trouve = _trouver_code(texte, attendu)
    if trouve is None:
        nom = _NOM_DIT.search(texte) if attendu else None
        seul = texte.strip() if attendu and re.fullmatch(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,2}", texte.strip()) else None
        return None, _propre(nom[1]) if nom else _propre(seul) if seul else None, texte
    code, debut, fin = trouve
    avant, apres = texte[:debut], texte[fin:]
    dit_ = _NOM_DIT.search(avant) or _NOM_DIT.search(apres)
    dernier = re.split(r"[ ,;:.]", avant.strip(" ,;:-"))[-1]
    candidats = [dit_[1]] if dit_ else [_APRES_NOM.sub("", " " + apres.strip(" ,;:-–()")), dernier]
    nom_lu = next((n for n in map(_propre, candidats) if n), None)
    reste = f"{avant} {apres}"
    return code, nom_lu, reste.replace(nom_lu, " ") if nom_lu else reste


def _trouver_code(texte: str, attendu: bool) -> Optional[tuple[str, int, int]]:
    for trouve in _CODE.finditer(_capitales(texte)):
        brut = texte[trouve.start():trouve.end()]
        signes = brut.replace("-", "").replace(" ", "")
        chiffres = any(c.isdigit() for c in signes) and not signes.isdigit()
        if chiffres or (brut.isupper() and " " not in brut and (attendu or "-" in brut or not texte.isupper())):
            return brut, trouve.start(), trouve.end()
    trouve_dit = _CODE_DIT.search(texte)
    if trouve_dit and any(c.isdigit() for c in trouve_dit[1]):
        return trouve_dit[1], trouve_dit.start(1), trouve_dit.end(1)
    return None


def _capitales(texte: str) -> str:
    """In capitals without accents, letter for letter: positions stay."""
    return "".join(unicodedata.normalize("NFD", c)[0].upper()[:1] or c for c in texte)


def _propre(nom: Optional[str]) -> Optional[str]:
    """A name, or None when these are ordinary words."""
    mots = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", _APRES_NOM.sub("", nom or ""))
    if not 1 <= len(mots) <= 3:
        return None
    premier = cle(mots[0]).split()[0]
    ordinaire = premier in lexique()["pas_un_nom"] and not (len(mots) > 1 and premier in PARTICULES)
    return None if ordinaire else " ".join(mots)


# ---- wishes, one after another ----------------------------------------------------------------------------------------

_DES_JOURS = ("du", "au", "jours")
_DES_HEURES = ("heure", "heure_de", "heure_a", "partie", "plages")
_REFUS = ("sans_jours", "sans_parties", "sans_dates")


def reunir(avant: Moment, dit: Moment) -> Moment:
    """A correction changes what it speaks of: new days replace the days, new hours the hours, refusals add up.

    >>> reunir(Moment(jours=("mardi",), partie="après-midi"), Moment(du=date(2011, 9, 15), au=date(2011, 9, 15))).partie
    'après-midi'
    """
    pris: dict[str, Any] = {"impossible": None, "discordance": None}
    for groupe in (_DES_JOURS, _DES_HEURES):
        if any(getattr(dit, c) for c in groupe):
            pris |= {c: getattr(dit, c) for c in groupe}
    voulus, refuses = pris.get("jours", avant.jours), set(avant.sans_jours) | set(dit.sans_jours)
    pris["sans_jours"] = tuple(j for j in JOURS if j in refuses - set(pris.get("jours", ())))
    pris["jours"] = tuple(j for j in voulus if j not in dit.sans_jours)
    pris["sans_parties"] = tuple(p for p in dict.fromkeys(avant.sans_parties + dit.sans_parties) if p != pris.get("partie", avant.partie))
    pris["sans_dates"] = tuple(sorted(set(avant.sans_dates) | set(dit.sans_dates)))
    neuf = replace(avant, **pris)
    seul = neuf.du if neuf.du and neuf.du == neuf.au else None
    refuse = bool(neuf.partie and neuf.partie in dit.sans_parties)
    if seul and (seul in neuf.sans_dates or JOURS[seul.weekday()] in neuf.sans_jours):
        neuf = replace(neuf, du=None, au=None)      # « pas jeudi », after « jeudi »
    return replace(neuf, partie=None) if refuse else neuf


def en_donnees(m: Moment) -> dict[str, Any]:
    """A wish as a draft keeps it (JSON)."""
    return {c.name: _simple(getattr(m, c.name)) for c in fields(m) if getattr(m, c.name)}


def de_donnees(donnees: Optional[Mapping[str, Any]]) -> Moment:
    """The wish of a draft, the inverse of `en_donnees`."""
    lues: dict[str, Any] = dict(donnees or {})
    for nom, lire_un in (("du", date.fromisoformat), ("au", date.fromisoformat), ("heure", _heure), ("heure_de", _heure), ("heure_a", _heure)):
        if nom in lues:
            lues[nom] = lire_un(lues[nom])
    for nom in ("jours", "sans_jours", "sans_parties"):
        lues[nom] = tuple(lues.get(nom, ()))
    lues["sans_dates"] = tuple(date.fromisoformat(d) for d in lues.get("sans_dates", ()))
    lues["plages"] = tuple((_heure(de) if de else None, _heure(a) if a else None) for de, a in lues.get("plages", ()))
    return Moment(**lues)


def _heure(texte: str) -> time:
    return time.fromisoformat(texte)


def _simple(valeur: Any) -> Any:
    if isinstance(valeur, (date, time)):
        return valeur.isoformat()
    return [_simple(v) for v in valeur] if isinstance(valeur, (tuple, list)) else valeur
