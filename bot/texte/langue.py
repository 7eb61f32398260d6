"""Whether a message is written in another language than French, by its small words or its script. Silence is better than a wrong guess:
someone who writes French, however badly, must never be told that she does not."""
import re
import unicodedata
from typing import Dict, FrozenSet, Optional

from bot.texte.normalisation import cle


def _mots(texte: str) -> FrozenSet[str]:
    return frozenset(texte.split())


# Small words without accents. None is a French word or a spelling of SMS (« on », « but », « for », « come », « ben », « var », « si »),
# and none is said in French as it is (« stop », « ok », « yes », « no », « cash », « business »).
_PETITS_MOTS: Dict[str, FrozenSet[str]] = {
    "en": _mots("the is it of my you your how what when where who which why i am are have has can could should must do does did need want with this "
                "that there and not be been will would if much many please thank thanks hello from about get pay work register registered "
                "self employed worker company business owner don doesn isn take they he she we"),
    "es": _mots("el los las una como cuando cuanto cuanta cuantos donde quiero tengo puedo necesito soy estoy hola gracias trabajo autonomo muy pero "
                "hay ayuda cual quien hacer tiene debo para por mis este esta buenos dias pagar empresa seguridad"),
    "pt": _mots("os uma como quando quanto quanta onde quero tenho posso preciso sou estou ola obrigado obrigada nao trabalho voce com em ao fazer "
                "ajuda meu minha para por devo pagar empresa bom dia seguranca"),
    "it": _mots("sono dove quanto quando posso devo voglio della mio mia ciao grazie buongiorno lavoro pagare che una come gli nella ho"),
    "de": _mots("wie ich bin der und nicht ist wann kann muss mein meine eine einen hallo danke bitte viel habe fur was wer zahlen arbeite das"),
    "tr": _mots("nasil kadar bir icin benim yok istiyorum nerede zaman hangi merhaba tesekkurler odeme calisiyorum sirket yardim lazim kac nedir "
                "miyim olarak kayit gerekiyor odemem nereden"),
    "ro": _mots("cum cat unde vreau pot trebuie sunt pentru este buna multumesc platesc lucrez firma mea sa fac"),
    "pl": _mots("jak ile gdzie kiedy jestem mam czy moge dzien dobry prosze dla jest chce dziekuje place firma pracuje"),
}
# What only French says among the languages above; against these words a foreign sentence must win.
_FRANCAIS = _mots("je j tu nous vous les du est suis ai pas ne qui quoi comment combien pour dans sur avec mon ma mes cette aux quand pourquoi quel "
                  "quelle svp stp c ca au une faut dois doit peux peut et des ce cest ki koi ke pr pcq mais ou donc merci bonjour bjr slt")
# A word both languages may write counts for neither.
_POSSIBLES = {nom: mots - _FRANCAIS for nom, mots in _PETITS_MOTS.items()}
PETITS_MOTS_MIN = 2
_CITATION = re.compile(r'«[^»]*»|"[^"]*"')
_AUTRE_LETTRE = re.compile(r"[^\W\d_\u0000-\u024f]")  # a letter beyond the Latin blocks that Europe writes with
_ECRITURES = (("ARABIC", "ar"), ("CYRILLIC", "ru"), ("CJK", "zh"), ("HIRAGANA", "ja"), ("KATAKANA", "ja"), ("HANGUL", "ko"), ("GREEK", "el"),
              ("HEBREW", "he"), ("DEVANAGARI", "hi"), ("BENGALI", "bn"), ("TAMIL", "ta"), ("GEORGIAN", "ka"), ("ARMENIAN", "hy"), ("THAI", "th"))


def reconnaitre(texte: str) -> Optional[str]:
    """The language of a message that is clearly not French: « en », « es », « ar »…; « autre » for a script that is not listed. None otherwise.

    Two different small words of a language are asked for, and more of them than of French ones.

    >>> reconnaitre("How much do I have to pay?"), reconnaitre("SIRET please"), reconnaitre("combien je paie ?")
    ('en', None, None)
    """
    ecriture = _ecriture(texte)
    if ecriture:
        return ecriture
    # A quotation may be in any language: « Comment remplir le champ "what is your SIRET" ? » Dotless and dotted i are one letter here.
    mots = set(cle(_CITATION.sub(" ", texte).replace("ı", "i").replace("İ", "I")).split())
    francais = len(mots & _FRANCAIS)
    comptes = {nom: len(mots & siens) for nom, siens in _POSSIBLES.items()}
    meilleure = max(comptes, key=lambda nom: comptes[nom])
    return meilleure if comptes[meilleure] >= PETITS_MOTS_MIN and comptes[meilleure] > francais else None


def _ecriture(texte: str) -> Optional[str]:
    """The language that a script tells, when most letters are not Latin."""
    if not _AUTRE_LETTRE.search(texte):
        return None
    lettres = [c for c in texte if c.isalpha()]
    autres = [unicodedata.name(c, "") for c in lettres if not unicodedata.name(c, "LATIN").startswith(("LATIN", "FEMININE", "MASCULINE"))]
    if len(lettres) < 2 or 2 * len(autres) <= len(lettres):
        return None
    return next((code for nom, code in _ECRITURES if any(a.startswith(nom) for a in autres)), "autre")
