"""Population files for tests: a line, a file, what the base then holds."""
import io
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Iterable, Optional

from sqlalchemy import select

from bot.campagnes.fichier import OBLIGATOIRES
from bot.contacts.base import Sessions
from bot.contacts.tables import Assure

MAINTENANT = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)
CAISSE = "demo-aquitaine"
COLONNES = (*OBLIGATOIRES, "auto_entrepreneur", "adresse", "complement", "ville", "canal")
MODELE = {"civilite": "Mme", "nom": "Fictif-Tilleul", "prenom": "Claire", "date_naissance": "1952-03-09", "sexe": "F", "groupe_pro": "artisan",
          "statut": "actif", "date_affiliation": "1985-01-01", "code_ape": "9602A", "profession": "coiffeur", "carriere": "incomplete",
          "code_postal": "33000", "telephone": "01 99 00 12 34", "courriel": "claire@exemple.example", "langue": "fr", "auto_entrepreneur": "non",
          "adresse": "12 rue des Exemples", "complement": "", "ville": "Bordeaux", "canal": "courrier"}


def personne(numero: "int | str", **valeurs: str) -> dict[str, str]:
    """A fictitious person as a line of a file."""
    return {"identifiant": numero if isinstance(numero, str) else f"FICTIF{numero:05d}", **MODELE, **valeurs}


def texte(personnes: Iterable[dict[str, str]], colonnes: Iterable[str] = COLONNES) -> str:
    colonnes = tuple(colonnes)
    sortie = io.StringIO()
    sortie.write(";".join(colonnes) + "\n")
    for p in personnes:
        sortie.write(";".join(p.get(c, "") for c in colonnes) + "\n")
    return sortie.getvalue()


def fichier(dossier: Path, personnes: Iterable[dict[str, str]], colonnes: Iterable[str] = COLONNES, nom: str = "population.csv") -> Path:
    chemin = dossier / nom
    chemin.write_text(texte(personnes, colonnes), encoding="utf-8")
    return chemin


def en_base(sessions: Sessions, caisse: Optional[str] = CAISSE) -> dict[str, dict[str, Any]]:
    """Everything the base holds of each person, by identifier: all columns but the number of the row and of the last file."""
    with sessions.lecture() as s:
        gens = s.scalars(select(Assure).where(Assure.caisse_code == caisse) if caisse else select(Assure))
        return {a.identifiant: {c.name: getattr(a, c.name) for c in Assure.__table__.columns if c.name not in ("id", "importation_id")} for a in gens}
