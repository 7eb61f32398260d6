"""What a typed message becomes before it is understood: once, here, for the site, the engine and the measurements alike."""
import re
import unicodedata

_ZERO_LARGEUR = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
_ACCENTS = re.compile("[\u0300-\u036f]+")  # all marks of this block are of category Mn; those of other blocks are rare
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "…": "..."})


def nettoyer(texte: str) -> str:
    """The text without what nobody types on purpose: control, bidi, zero-width and tag characters, odd apostrophes.

    NFKC makes full-width and ligature letters ordinary; accents and case stay as typed.
    """
    texte = unicodedata.normalize("NFKC", texte).translate(_APOSTROPHES)
    texte = _ZERO_LARGEUR.sub("", texte)
    if not texte.isprintable():  # few are: characters are looked at one by one for them only
        texte = "".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn") else " " for c in texte)
    return " ".join(texte.split())


def sans_accents(texte: str) -> str:
    """Letters without their accents: « déclaré » → « declare »; ligatures opened: « œuvre » → « oeuvre »."""
    if texte.isascii():
        return texte
    texte = texte.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae")
    texte = _ACCENTS.sub("", unicodedata.normalize("NFD", texte))
    return texte if texte.isascii() else "".join(c for c in texte if unicodedata.category(c) != "Mn")


def cle(texte: str) -> str:
    """What two texts share when they differ only by case, accents and punctuation.

    >>> cle("  L’EIRL : c'est   QUOI ?! ")
    'l eirl c est quoi'
    """
    return " ".join(re.findall(r"[a-z0-9]+", sans_accents(nettoyer(texte)).lower()))
