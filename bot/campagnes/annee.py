"""A year's campaign as a whole: everything checked for `conseil check`, everything installed by `conseil campagne installer`."""
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot.campagnes.caisses import installer_caisses, verifier_reseau
from bot.campagnes.complement import installer_complements, verifier_complements
from bot.campagnes.kit import CODES, installer_kit, verifier_kit
from bot.campagnes.professions import installer_professions, verifier_professions
from bot.campagnes.socle import CampagneARelire, a_relire, installer_socle, lire
from bot.contacts.tables import OutilVersion, Socle
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.glossaire import verifier_glossaire
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.trames import verifier_support, verifier_trames
from bot.knowledge.verification import Defaut


def installer(session: Session, annee: int, maintenant: datetime, dossier: Path = KNOWLEDGE) -> Socle:
    """The socle of a year, its cibles, one action per regional caisse and cible, then the complements of knowledge/campagnes/<year>/ of the
    caisses that are in the database. Run again, changes nothing; run after a caisse was added, gives it its actions. The kit is installed
    before (a complement may adapt its tools). Raises CampagneAbsente, ErreurConnaissance, CampagneARelire, SocleChange, ComplementRefuse."""
    campagne = lire(annee, dossier)
    socle = installer_socle(session, campagne, maintenant)
    installer_complements(session, socle, campagne, maintenant, dossier)
    return socle


@dataclass(frozen=True)
class Installation:
    """What an installation did: the socle in force, how many caisses came, the versions of tools just published."""

    socle: Socle
    caisses: int
    versions: list[OutilVersion]


def tout_installer(session: Session, annee: int, maintenant: datetime, dossier: Path = KNOWLEDGE, *, souple: bool = False) -> Installation:
    """Network, professions, kit, then the campaign of a year: all that `conseil campagne installer` and the demonstration need, in one
    transaction of the caller. `souple`: a tool whose file changed keeps its published version. Raises what the parts raise."""
    caisses = installer_caisses(session, dossier)
    installer_professions(session, dossier)
    versions = installer_kit(session, maintenant, dossier, souple=souple)
    return Installation(installer(session, annee, maintenant, dossier), caisses, versions)


def verifier(dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """All faults of the campaign's files, for `conseil check`: campaigns (a draft under review is one), complements, kit, network, professions,
    trames, glossary."""
    defauts: list[Defaut] = []
    modules: dict[int, dict[str, str]] = {}
    for fichier in sorted((dossier / "campagnes").glob("[0-9][0-9][0-9][0-9].yml")):
        lieu, annee = f"campagnes/{fichier.name}", int(fichier.stem)
        try:
            campagne = lire(annee, dossier)
        except ErreurConnaissance as e:
            defauts += [Defaut(e.code, lieu, ligne) for ligne in str(e).splitlines()]
            continue
        # What a letter says is in the letter: a trame is for people who talk to each other.
        modules[annee] = {m.code: m.domaine for c in campagne.cibles if c.genre != "courrier" for m in c.contenu}
        defauts += [Defaut(CampagneARelire.code, lieu, f"{ou} : encore à relire ; vérifiez, puis retirez « a_relire: true ».")
                    for ou in a_relire(campagne)]
        defauts += [Defaut("OUTIL_HORS_KIT", lieu, f"cibles › {c.code} › outils : « {o} » n'est pas dans knowledge/kit.yml.")
                    for c in campagne.cibles for o in c.outils if o not in CODES]
        defauts += verifier_complements(campagne, dossier)
    sujets = {f"{f.parent.name}/{f.stem}" for f in (dossier / "faq").glob("*/*.yml")}
    return [*defauts, *verifier_kit(dossier), *verifier_reseau(dossier), *verifier_professions(dossier),
            *verifier_trames(sujets, modules, dossier), *verifier_support(sujets, dossier), *verifier_glossaire(dossier)]
