"""What every calculator shares: the shape of a result, the refusals, rounding, and the dated reading of barèmes.

A calculator is a pure function: same input, same day, same answer. It reads the law through barèmes only and never the clock.
"""
import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Dict, List, Mapping, Optional, Sequence, Tuple, Union

from bot.knowledge.baremes import Bareme, baremes
from bot.knowledge.lecture import ErreurConnaissance
from bot.texte import typographie as typo

Nombre = Union[int, float, Decimal]

# Codes of `textes.yml` that barèmes and calculators cite; a test holds both lists together.
CODES = {
    "cgi": "Code général des impôts", "css": "Code de la sécurité sociale", "ccom": "Code de commerce",
    "ctrav": "Code du travail", "cciv": "Code civil", "cassur": "Code des assurances", "cconso": "Code de la consommation",
    "lpf": "Livre des procédures fiscales",
}
# No self-employed person of the micro regime nears this turnover: beyond it, a zero too many was typed.
MONTANT_MAX = Decimal(10_000_000)


class ErreurCalcul(ValueError):
    """A calculator refuses an input: stable code, French sentence saying what to write, and the field at fault when known.

    >>> ErreurCalcul("MONTANT_NEGATIF", "Écrivez un montant positif.", "montant").code
    'MONTANT_NEGATIF'
    """

    def __init__(self, code: str, message: str, champ: Optional[str] = None):
        super().__init__(message)
        self.code, self.message, self.champ = code, typo.composer(message), champ

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Ligne:
    """One figure of a result: what it is, the raw value (Decimal, int, date or text), and how French writes it."""

    libelle: str
    valeur_brute: object
    ecrit: str


@dataclass(frozen=True)
class Resultat:
    """The answer of a calculator, ready for the chat, a page, JSON.

    `phrase` is 2 to 4 sentences: first the figure, then the rule, then the limit. `valable_le` is the day whose law was applied;
    `avertissement` says so first when that is not the day asked, as sheets do.
    """

    nom: str
    lignes: Tuple[Ligne, ...]
    phrase: str
    regle: str
    sources: Tuple[str, ...]
    valable_le: date
    limites: Tuple[str, ...]
    avertissement: Optional[str] = None

    @property
    def texte(self) -> str:
        """The warning, if any, then the sentence."""
        return "\n".join(p for p in (self.avertissement, self.phrase) if p)

    def valeur(self, libelle: str) -> object:
        """The raw value of the line so labelled. Raises KeyError when there is none."""
        for ligne in self.lignes:
            if ligne.libelle == libelle:
                return ligne.valeur_brute
        raise KeyError(libelle)

    def en_dict(self) -> Dict[str, object]:
        """Plain values for JSON: dates in ISO, amounts as numbers."""
        def plat(valeur: object) -> object:
            if isinstance(valeur, Decimal):
                return int(valeur) if valeur == valeur.to_integral_value() else float(valeur)
            if isinstance(valeur, tuple):
                return [plat(v) for v in valeur]
            return valeur.isoformat() if isinstance(valeur, date) else valeur
        return {
            "nom": self.nom, "phrase": self.phrase, "avertissement": self.avertissement, "regle": self.regle,
            "lignes": [{"libelle": x.libelle, "valeur": plat(x.valeur_brute), "ecrit": x.ecrit} for x in self.lignes],
            "sources": list(self.sources), "valable_le": self.valable_le.isoformat(), "limites": list(self.limites)}


# --- numbers -----------------------------------------------------------------------------------------------------------------

def exact(valeur: Nombre) -> Decimal:
    """A number without the noise of binary fractions: 21.3 is 21.3, so that 21,3 % of 1 000 € is 213 €."""
    return valeur if isinstance(valeur, Decimal) else Decimal(str(valeur))


def arrondir(valeur: Nombre) -> Decimal:
    """To the nearest euro, half a euro counting for one: CSS L130-1 (contributions and their bases, 2010 to 2014), CGI 1657 (tax)."""
    return exact(valeur).quantize(Decimal(1), ROUND_HALF_UP)


def euro_superieur(valeur: Nombre) -> Decimal:
    """To the euro above, for a threshold that must be reached in full."""
    return exact(valeur).quantize(Decimal(1), ROUND_CEILING)


def dixieme_superieur(valeur: Nombre) -> Decimal:
    """To the tenth of a point above: CSS D131-6-3 (ACCRE rates)."""
    return exact(valeur).quantize(Decimal("0.1"), ROUND_CEILING).normalize()


def partie_entiere(valeur: Nombre) -> int:
    """The whole part, downwards."""
    return int(exact(valeur).quantize(Decimal(1), ROUND_FLOOR))


def verifier_montant(valeur: Nombre, champ: str = "montant") -> Decimal:
    """A usable amount in euros, or ErreurCalcul: MONTANT_ILLISIBLE, MONTANT_NEGATIF, MONTANT_ABSURDE."""
    try:
        montant = exact(valeur)
        fini = montant.is_finite()
    except (InvalidOperation, TypeError, ValueError) as e:
        raise ErreurCalcul("MONTANT_ILLISIBLE", "Je n'ai pas compris le montant : écrivez-le en chiffres, par exemple 2 000 €.", champ) from e
    if not fini:
        raise ErreurCalcul("MONTANT_ILLISIBLE", "Je n'ai pas compris le montant : écrivez-le en chiffres, par exemple 2 000 €.", champ)
    if montant < 0:
        raise ErreurCalcul("MONTANT_NEGATIF", "Un montant encaissé ne peut pas être négatif : écrivez 0 ou un nombre positif.", champ)
    if montant > MONTANT_MAX:
        raise ErreurCalcul("MONTANT_ABSURDE", "Ce montant paraît trop grand : vérifiez le nombre de zéros, puis écrivez-le en euros.", champ)
    return montant


def verifier_choix(valeur: str, permis: Sequence[str], champ: str) -> str:
    """One of the values allowed, or ErreurCalcul CHOIX_INCONNU."""
    if valeur not in permis:
        raise ErreurCalcul("CHOIX_INCONNU", f"« {valeur} » n'est pas une réponse possible ici : choisissez parmi {', '.join(permis)}.", champ)
    return valeur


# --- writing -----------------------------------------------------------------------------------------------------------------

def taux_ecrit(taux: Nombre) -> str:
    """« 21,3 % »."""
    return typo.nombre(float(taux)) + typo.ESPACE_INSECABLE + "%"


def age_ecrit(mois: int) -> str:
    """An age in months as people say it: « 60 ans et 8 mois »."""
    ans, reste = divmod(mois, 12)
    ecrit = typo.quantite(ans, "an")
    return f"{ecrit} et {typo.quantite(reste, 'mois', 'mois')}" if reste else ecrit


def periode_ecrite(debut: date, fin: date) -> str:
    """« du 1er avril 2011 au 31 mars 2012 »."""
    return f"du {typo.date_longue(debut)} au {typo.date_longue(fin)}"


def ligne_euros(libelle: str, valeur: Nombre) -> Ligne:
    """A line in euros."""
    return Ligne(libelle, exact(valeur), typo.euros(float(valeur)))


def ligne_date(libelle: str, valeur: date) -> Ligne:
    """A line that is a day."""
    return Ligne(libelle, valeur, typo.date_longue(valeur))


def source_ecrite(source: str) -> str:
    """A source as people read it: « css R142-1 » → « Code de la sécurité sociale, article R142-1 »."""
    code, _, article = source.partition(" ")
    return f"{CODES[code]}, article {article}" if code in CODES and article else source


# --- the law of a day --------------------------------------------------------------------------------------------------------

class Droit:
    """Barèmes as they stand on one day; remembers which texts were read, in order, so that a result cites exactly what it used."""

    def __init__(self, jour: date, valeurs: Optional[Mapping[str, Bareme]] = None):
        self.jour = jour
        self._valeurs = baremes() if valeurs is None else valeurs
        self._sources: List[str] = []

    def _lire(self, nom: str, jour: Optional[date]) -> object:
        try:
            valeur = self._valeurs[nom].le(jour or self.jour)
        except KeyError as e:
            raise ErreurCalcul("BAREME_INCONNU", f"Le barème « {nom} » manque : ce calcul n'est pas disponible.") from e
        except ErreurConnaissance as e:
            raise ErreurCalcul("SANS_VALEUR", f"Je ne connais pas la règle en vigueur au {typo.date_longue(jour or self.jour)} pour ce "
                                              "calcul : demandez à votre caisse.") from e
        self.citer(valeur.source)
        return valeur.valeur

    def nombre(self, nom: str, jour: Optional[date] = None) -> Decimal:
        """The figure of the day as an exact number. Raises ErreurCalcul SANS_VALEUR: nothing is extrapolated."""
        valeur = self._lire(nom, jour)
        assert isinstance(valeur, (int, float)), nom
        return exact(valeur)

    def entier(self, nom: str, jour: Optional[date] = None) -> int:
        """The figure of the day as a whole number (durations, counts)."""
        return int(self.nombre(nom, jour))

    def date_de(self, nom: str, jour: Optional[date] = None) -> date:
        """The date that the barème holds on that day."""
        valeur = self._lire(nom, jour)
        assert isinstance(valeur, date), nom
        return valeur

    def sans_citer(self) -> "Droit":
        """The same law, for a check that the result does not rest on."""
        return Droit(self.jour, self._valeurs)

    def connait(self, nom: str, jour: Optional[date] = None) -> bool:
        """Whether a value is known that day; cites nothing."""
        return nom in self._valeurs and any(v.vaut_le(jour or self.jour) for v in self._valeurs[nom].valeurs)

    def citer(self, *sources: str) -> None:
        """Add texts the rule rests on."""
        self._sources += [s for s in sources if s not in self._sources]

    @property
    def sources(self) -> Tuple[str, ...]:
        return tuple(source_ecrite(s) for s in self._sources)


def situer(au: date, debut: date, fin: date) -> Tuple[date, Optional[str]]:
    """The nearest day of a calculator's period, and the sentence that says so when it is not the day asked."""
    jour = min(max(au, debut), fin)
    if jour == au:
        return jour, None
    return jour, typo.composer(
        f"Attention : ce calcul suit les règles en vigueur au {typo.date_longue(jour)}, qui ont pu changer depuis.")


def resultat(nom: str, droit: Droit, lignes: Sequence[Ligne], phrase: str, regle: str, limites: Sequence[str] = (),
             avertissement: Optional[str] = None) -> Resultat:
    """Put a result together, composed in typographic French."""
    return Resultat(
        nom=nom, lignes=tuple(lignes), phrase=typo.composer(re.sub(r"\s*\n\s*", " ", phrase.strip())), regle=typo.composer(regle),
        sources=droit.sources, valable_le=droit.jour, limites=tuple(typo.composer(x) for x in limites), avertissement=avertissement)
