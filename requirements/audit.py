"""`make audit`: known advisories of what the lock files install, and a gate that cannot pass by skipping.

    python requirements/audit.py                  runs pip-audit on the three lock files, then judges
    python requirements/audit.py juger A.json …   judges reports that pip-audit made elsewhere
    python requirements/audit.py composants       writes var/sbom-service.json and var/sbom-engine.json (CycloneDX)

Exit 0: every package was looked up, and each advisory found is accepted in avis_acceptes.yml, by name, with its reason, until a date. 1: not so.
"""
import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import yaml

RACINE = Path(__file__).resolve().parents[1]
VERROUS = {nom: RACINE / "requirements" / f"{nom}.txt" for nom in ("engine", "service", "outils")}
ACCEPTES = RACINE / "requirements" / "avis_acceptes.yml"
# An acceptance is a debt: whoever signs it looks at it again within the year.
DUREE_MAX = 366
ATTENTE = 600


@dataclass(frozen=True)
class Acceptation:
    """One advisory that somebody decided to live with."""

    avis: str
    paquet: str
    raison: str
    responsable: str
    le: date
    jusqu_au: date


class AvisIllisibles(Exception):
    """avis_acceptes.yml is not what it should be; says where."""


def lire_acceptations(chemin: Path = ACCEPTES) -> list[Acceptation]:
    """The accepted advisories. Raises AvisIllisibles: an acceptance without reason, owner or end is none."""
    acceptations = []
    for rang, brut in enumerate((yaml.safe_load(chemin.read_text(encoding="utf-8")) or {}).get("avis") or [], 1):
        try:
            acceptation = Acceptation(**brut)
        except TypeError as e:
            raise AvisIllisibles(f"avis n° {rang} : il faut avis, paquet, raison, responsable, le, jusqu_au, et rien d'autre ({e})") from e
        if not all(isinstance(t, str) and t.strip() for t in (acceptation.avis, acceptation.paquet, acceptation.raison, acceptation.responsable)):
            raise AvisIllisibles(f"avis n° {rang} : avis, paquet, raison et responsable sont des textes, aucun n'est vide")
        if not (isinstance(acceptation.le, date) and isinstance(acceptation.jusqu_au, date)):
            raise AvisIllisibles(f"avis n° {rang} ({acceptation.avis}) : le et jusqu_au sont des dates (2026-11-22)")
        if not 0 < (acceptation.jusqu_au - acceptation.le).days <= DUREE_MAX:
            raise AvisIllisibles(f"avis n° {rang} ({acceptation.avis}) : jusqu_au doit suivre le, d'un an au plus")
        acceptations.append(acceptation)
    return acceptations


def verrouilles(verrou: Path) -> dict[str, str]:
    """What a lock file installs: {name as the index writes it: version}."""
    return {normaliser(nom): version for nom, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", verrou.read_text(encoding="utf-8"), re.M)}


def normaliser(nom: str) -> str:
    return re.sub(r"[-_.]+", "-", nom).lower()


def juger(rapport: Any, attendus: Mapping[str, str], acceptations: Sequence[Acceptation], jour: date) -> list[str]:
    """Why a report of pip-audit (its JSON) is refused; empty when it is not. `attendus`: what it had to cover."""
    if not isinstance(rapport, dict) or not isinstance(rapport.get("dependencies"), list):
        return ["audit impossible : le rapport n'est pas celui de pip-audit"]
    if rapport["dependencies"] and not any("vulns" in p for p in rapport["dependencies"]):
        return [f"audit impossible : aucun des {len(rapport['dependencies'])} paquets n'a pu être cherché ; la base des avis ne répond sans doute "
                "pas d'ici"]
    fautes, couverts = [], {}
    for paquet in rapport["dependencies"]:
        nom = normaliser(str(paquet.get("name")))
        if "skip_reason" in paquet or "vulns" not in paquet:
            fautes.append(f"audit impossible : {nom} n'a pas été regardé ({paquet.get('skip_reason', 'sans raison dite')})")
            continue
        couverts[nom] = str(paquet.get("version"))
        fautes += [refus for avis in paquet["vulns"] if (refus := _avis(nom, couverts[nom], avis, acceptations, jour))]
    passes = {normaliser(str(p.get("name"))) for p in rapport["dependencies"]}
    fautes += [f"audit impossible : {nom} {version} est absent du rapport" for nom, version in attendus.items() if nom not in passes]
    fautes += [f"audit impossible : {nom} a été regardé en {couverts[nom]}, le verrou installe {version}"
               for nom, version in attendus.items() if nom in couverts and couverts[nom] != version]
    return fautes


def _avis(nom: str, version: str, avis: Mapping[str, Any], acceptations: Sequence[Acceptation], jour: date) -> Optional[str]:
    noms = {str(avis.get("id")), *map(str, avis.get("aliases") or [])}
    signees = [a for a in acceptations if a.avis in noms and normaliser(a.paquet) == nom]
    if any(a.le <= jour <= a.jusqu_au for a in signees):
        return None
    remede = ", ".join(map(str, avis.get("fix_versions") or [])) or "aucune version corrigée"
    if signees:
        fin = max(a.jusqu_au for a in signees)
        return f"{nom} {version} : {avis.get('id')}, acceptation échue le {fin} ({signees[0].responsable}) ; corrigé par : {remede}"
    return f"{nom} {version} : {avis.get('id')}, que personne n'a accepté ; corrigé par : {remede}"


def interroger(verrou: Path) -> Any:
    """pip-audit's report on a lock file, as it stands, without installing anything. None when it could not be had."""
    commande = [str(Path(sys.executable).with_name("pip-audit")), "-r", str(verrou), "--require-hashes", "--disable-pip", "-f", "json",
                "--progress-spinner", "off"]
    try:
        fait = subprocess.run(commande, capture_output=True, text=True, timeout=ATTENTE)
        return json.loads(fait.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def auditer(rapports: Mapping[str, Any], jour: date, chemin: Path = ACCEPTES) -> int:
    """Judge one report a lock file, say it, give the exit code."""
    try:
        acceptations = lire_acceptations(chemin)
    except AvisIllisibles as e:
        print(f"{chemin.name} : {e}")
        return 1
    mauvais = False
    for nom, rapport in rapports.items():
        attendus = verrouilles(VERROUS[nom])
        fautes = juger(rapport, attendus, acceptations, jour)
        mauvais |= bool(fautes)
        print(f"{nom} : " + (f"{len(attendus)} paquets, rien à redire." if not fautes else f"refusé ({len(attendus)} paquets) :"))
        for faute in fautes[:20]:
            print(f"  {faute}")
        if len(fautes) > 20:
            print(f"  … et {len(fautes) - 20} autres")
    for a in acceptations:
        print(f"  accepté jusqu'au {a.jusqu_au} par {a.responsable} : {a.paquet} {a.avis}. {a.raison}")
    return int(mauvais)


def composants(vers: Path) -> int:
    """One CycloneDX file an environment, from its lock file: what `installer.py` puts there is that and nothing else, hashes included."""
    vers.mkdir(parents=True, exist_ok=True)
    for nom in ("service", "engine"):
        sortie = vers / f"sbom-{nom}.json"
        fait = subprocess.run([str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", "--of", "JSON", "--output-reproducible",
                               "--pyproject", str(RACINE / "pyproject.toml"), "-o", str(sortie), str(VERROUS[nom])],
                              capture_output=True, text=True)
        if fait.returncode != 0:
            print(f"{nom} : la liste n'a pas pu être faite ({fait.stderr.strip()[-300:]})")
            return 1
        print(f"{nom} : {len(json.loads(sortie.read_text(encoding='utf-8'))['components'])} composants, {sortie}")
    return 0


def principal(argv: Optional[Sequence[str]] = None) -> int:
    analyseur = argparse.ArgumentParser(description="Avis de sécurité connus des paquets installés.")
    analyseur.add_argument("acte", nargs="?", choices=("auditer", "juger", "composants"), default="auditer")
    analyseur.add_argument("fichiers", nargs="*", type=Path, help="engine.json, service.json, outils.json : rapports déjà faits")
    options = analyseur.parse_args(argv)
    if options.acte == "composants":
        return composants(RACINE / "var")
    if options.acte == "juger":
        inconnus = [f.name for f in options.fichiers if f.stem not in VERROUS]
        if inconnus or not options.fichiers:
            print(f"Un rapport porte le nom de son verrou : {', '.join(f'{nom}.json' for nom in VERROUS)}.")
            return 1
        return auditer({f.stem: json.loads(f.read_text(encoding="utf-8")) for f in options.fichiers}, date.today())
    return auditer({nom: interroger(verrou) for nom, verrou in VERROUS.items()}, date.today())


if __name__ == "__main__":
    sys.exit(principal())
