"""What people type in the chat though a form was shown: names, numbers, addresses, codes are taken out before the engine sees the message.

Called by the site on the raw text, while an act is under way; what it takes goes to the draft's `prive`, the message goes on masked.
"""
import re
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Collection

from bot.agenda import identite
from bot.agenda.dialogue import acces, coordonnees
from bot.agenda.dialogue.lecture import PARTICULES, code_et_nom
from bot.agenda.dialogue.lexique import lexique
from bot.texte.normalisation import cle, nettoyer

_COURRIEL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TEL = re.compile(r"(?<![\d,])(?:(?:\+|00)\s?(?:33|262|590|594|596|269)\s?(?:\(0\)\s?)?|0)[1-9](?:[\s.\-]?\d{2}){4}(?!\d)")
_MOT = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
_ETIQUETTE = re.compile(rf"\b(pr[ée]nom|nom)\b\s*(?:de famille)?\s*(?:(?:est|c'?\s?est)\b|:|=)?"
                        rf"\s*({_MOT}(?: (?!pr[ée]nom|nom\b|et\b|mon\b|je\b){_MOT})?)", re.I)
_PRESENTATION = re.compile(r"(?:je m'appelle|mon nom (?:est|c'est)|au nom de|c'est pour|moi c'est|je suis)\s+(?:mme|madame|monsieur|m\.|mlle)?\s*"
                           rf"({_MOT}(?: {_MOT}){{0,2}})", re.I)
# « Mon nom c'est Lacaze »: a name wherever it is said.
_NOM_FORT = re.compile(rf"(?:je m'appel+e|je me nomme|mon (?:pr[ée])?nom\s*(?:de famille)?\s*(?:est|c'?\s?est|:)?"
                       r"|au nom de|\bnom\s?[:=])\s*(?:mme |madame |monsieur |m\. |mlle )?"
                       rf"{_MOT}", re.I)
_RUE = (r"rue|avenue|av\.?|boulevard|bd|bld|place|pl\.?|chemin|ch\.?|route|rte|impasse|imp\.?|all[ée]es?|quai|cours|square|lotissement|r[ée]sidence"
        r"|lieu[- ]dit|lieudit|hameau|faubourg|passage|villa|za|zi|esplanade")
_ADRESSE = re.compile(rf"(?P<adresse>(?:\d{{1,4}}\s*(?:bis|ter|quater|[a-d]\b)?,?\s+)?(?:{_RUE})\b[^\d,;]*?)"
                      r"[\s,;-]+(?P<code_postal>\d{5}|2[ABab]\d{3})[\s,]+"
                      r"(?P<ville>[^\W\d_][^\d,;.!?]*)", re.I)
_CIVILITE = re.compile(r"^(?:mme|madame|monsieur|mr|m\.|mlle)\s+", re.I)


@dataclass(frozen=True)
class Releve:
    """`prive`: what was found; `texte`: the message with a mask in each place."""

    texte: str
    prive: dict[str, str] = field(default_factory=dict)


def relever(texte: str, etape: str = "", lieux: Collection[str] = ()) -> Releve:
    """Numbers and addresses at any step; a name when the identity was asked, a code and a name when they were. `lieux`: names of antennes, which
    are nobody's.

    >>> relever("Jeanne Martin, 06 39 98 00 12", "identite").prive
    {'telephone': '0639980012', 'nom': 'Martin', 'prenom': 'Jeanne'}
    """
    texte = nettoyer(texte)
    prive: dict[str, str] = {}
    numero = _TEL.search(texte)
    if numero and identite.telephone(numero[0]):
        prive["telephone"] = str(identite.telephone(numero[0]))
        texte = texte.replace(numero[0], "[téléphone masqué]")
    courriel = _COURRIEL.search(texte)
    if courriel:
        prive["courriel"] = courriel[0]
        texte = texte.replace(courriel[0], "[adresse masquée]")
    if etape == acces.ETAPE:
        return Releve(_relever_code(texte, prive), prive)
    if etape == coordonnees.ADRESSE_ETAPE:
        texte = _relever_adresse(texte, prive)
    ici = any(cle(lieu) in cle(texte) for lieu in lieux)
    if (etape == coordonnees.ETAPE and not ici) or _NOM_FORT.search(texte) or (prive and not ici and _signe(texte)) or "ville" in prive:
        texte = _relever_nom(texte, prive)
    return Releve(texte, prive)


def montrable(texte: str) -> str:
    """A message as it may be kept: without the code of a booking and the name that opens it (« déplacer mon rdv ABCD2345 Martin à jeudi »)."""
    code, nom, _ = code_et_nom(texte, False)
    if code is None:
        return texte
    texte = texte.replace(code, "[code masqué]")
    return re.sub(rf"\b{re.escape(nom)}\b", "[nom masqué]", texte) if nom else texte


def _signe(texte: str) -> bool:
    """Beside a number or an address, two or three words in capitals are who they belong to (« Paul Ducasse paul@… »)."""
    mots = re.sub(r"\[[^\]]*\]|[,;:.!/()]", " ", texte).split()
    return 2 <= len(mots) <= 3 and all(m[0].isupper() for m in mots)


def _relever_adresse(texte: str, prive: dict[str, str]) -> str:
    """« 3 rue des Lilas, 64100 Bayonne », in the order in which envelopes are written."""
    trouvee = _ADRESSE.search(texte)
    if trouvee is None:
        return texte
    prive.update({champ: valeur.strip(" ,;-") for champ, valeur in trouvee.groupdict().items()})
    return f"{texte[:trouvee.start()].strip(' ,;-')} [adresse masquée]{texte[trouvee.end():]}".strip()


def _relever_code(texte: str, prive: dict[str, str]) -> str:
    code, nom, _ = code_et_nom(texte, True)
    for valeur, cle_privee, masque in ((code, "code", "[code masqué]"), (nom, "nom_dit", "[nom masqué]")):
        if valeur and not (cle_privee == "nom_dit" and _ordinaire(valeur)):
            prive[cle_privee] = valeur
            texte = texte.replace(valeur, masque)
    return texte


def _relever_nom(texte: str, prive: dict[str, str]) -> str:
    """A name said as one (« je m'appelle Jeanne Martin », « nom : Martin »), or alone in the message but for numbers and addresses."""
    for genre, valeur in _ETIQUETTE.findall(texte):
        if not _ordinaire(valeur):
            prive["prenom" if cle(genre) == "prenom" else "nom"] = valeur
    if "nom" in prive:
        return _masquer(texte, prive)
    dit = _PRESENTATION.search(texte)
    reste = re.sub(r"\[[^\]]*\]|[,;:.!/()]|\b(?:et|t[ée]l|t[ée]l[ée]phone|mail|courriel|mon|num[ée]ro|au|est|le)\b", " ", texte, flags=re.I)
    mots = _CIVILITE.sub("", (dit[1] if dit else reste).strip()).split()
    if dit:  # « je m'appelle Jeanne Martin et je voudrais… »
        mots = list(takewhile(lambda m: not _ordinaire(m) or cle(m) in PARTICULES, mots))
    if not 1 <= len(mots) <= 3 or "?" in texte or any(not _d_un_nom(m, rang) for rang, m in enumerate(mots)):
        return texte
    capitales = [m for m in mots if m.isupper() and len(m) > 1]
    if len(mots) == 1:
        prive["nom"] = mots[0]
    elif capitales and len(capitales) < len(mots):
        prive["nom"], prive["prenom"] = " ".join(capitales), " ".join(m for m in mots if m not in capitales)
    else:
        prive["prenom"], prive["nom"] = mots[0], " ".join(mots[1:])
    return _masquer(texte, prive)


def _masquer(texte: str, prive: dict[str, str]) -> str:
    for nom in ("nom", "prenom"):
        if prive.get(nom):
            texte = texte.replace(prive[nom], "[nom masqué]")
    return texte


def _d_un_nom(mot: str, rang: int) -> bool:
    """Whether a word can be part of a name; « Le » and « de » can, but for the first."""
    return bool(re.fullmatch(_MOT, mot)) and (not _ordinaire(mot) or (rang > 0 and cle(mot) in PARTICULES))


def _ordinaire(mot: str) -> bool:
    """A word that is nobody's name."""
    return cle(mot).split()[0] in lexique()["pas_un_nom"]
