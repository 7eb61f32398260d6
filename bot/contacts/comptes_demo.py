"""The fictitious people of the demonstration and their accounts: one a role. They open nothing but a demonstration site (`connexion.ouvre`)."""
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.contacts import mots_de_passe, totp
from bot.contacts.tables import Caisse, Compte, Conseiller, EssaiConnexion, Role, SessionEspace

# Known to all, and worth nothing elsewhere; the rules of passwords do not apply to what is printed on the screen.
MOT_DE_PASSE_DEMO = "demonstration-2011"
CAISSE_NATIONALE = "demo-nationale"


@dataclass(frozen=True)
class PersonneDemo:
    """Someone who does not exist."""

    identifiant: str
    prenom: str
    nom: str
    caisse_code: str
    niveaux: tuple[str, ...]


PERSONNES_DEMO = (
    PersonneDemo("claire.fontaine", "Claire", "Fontaine", "demo-aquitaine", ("conseiller",)),
    PersonneDemo("paul.vallon", "Paul", "Vallon", "demo-aquitaine", ("conseiller",)),
    PersonneDemo("lise.riviere", "Lise", "Rivière", "demo-aquitaine", ("secretariat",)),
    PersonneDemo("marc.colline", "Marc", "Colline", "demo-aquitaine", ("responsable", "conseiller")),
    PersonneDemo("anne.sommet", "Anne", "Sommet", "demo-aquitaine", ("directeur",)),
    PersonneDemo("denis.ravin", "Denis", "Ravin", "demo-aquitaine", ("agent_comptable",)),
    PersonneDemo("zoe.garrigue", "Zoé", "Garrigue", "demo-aquitaine", ("medecin_conseil",)),
    PersonneDemo("omar.clairiere", "Omar", "Clairière", "demo-aquitaine", ("responsable_oc",)),
    PersonneDemo("ines.prairie", "Inès", "Prairie", "demo-aquitaine", ("groupe_travail",)),
    PersonneDemo("hugo.falaise", "Hugo", "Falaise", "demo-aquitaine", ("administrateur",)),
    PersonneDemo("rose.lagon", "Rose", "Lagon", "demo-reunion", ("conseiller", "responsable")),
    PersonneDemo("jean.plateau", "Jean", "Plateau", CAISSE_NATIONALE, ("national",)),
)


def installer_demo_comptes(session: Session, maintenant: datetime) -> tuple[PersonneDemo, ...]:
    """Put the fictitious people in place, after their caisses (`caisses.installer_demo`); run again, it brings each account back to what is
    written here: password, roles, no telephone, nobody logged in, no failed try. Gives them, to be printed with MOT_DE_PASSE_DEMO."""
    session.merge(Caisse(code=CAISSE_NATIONALE, nom="Caisse nationale de démonstration", telephone="01 99 00 12 99",
                         horaires="du lundi au vendredi, de 9 h à 17 h", courriel="contact@caisse-nationale.example", site=None,
                         fuseau="Europe/Paris", origines=[], genre="nationale", fictive=True))
    session.flush()
    hache = mots_de_passe.hacher(MOT_DE_PASSE_DEMO)
    for fiche in PERSONNES_DEMO:
        _installer(session, fiche, hache, maintenant)
    # The demonstration's clock starts again each time: what an earlier run counted or opened lies in its future.
    session.execute(delete(SessionEspace).where(SessionEspace.compte_id.in_(select(Compte.id).where(Compte.demo))))
    session.execute(delete(EssaiConnexion))
    return PERSONNES_DEMO


def _installer(session: Session, fiche: PersonneDemo, hache: str, maintenant: datetime) -> None:
    compte = session.scalar(select(Compte).where(Compte.identifiant == fiche.identifiant))
    if compte is None:
        compte = Compte(conseiller=Conseiller(caisse_code=fiche.caisse_code, nom=fiche.nom, prenom=fiche.prenom), identifiant=fiche.identifiant,
                        cree_le=maintenant)
        session.add(compte)
    elif not compte.demo:
        return  # a real person's, by coincidence
    else:
        totp.retirer(session, compte)
    personne = compte.conseiller
    personne.nom, personne.prenom, personne.parti_le = fiche.nom, fiche.prenom, None
    gardes = {r.niveau: r for r in personne.roles}
    personne.roles = [gardes.get(n) or Role(caisse_code=fiche.caisse_code, niveau=n) for n in fiche.niveaux]
    compte.mot_de_passe, compte.mot_de_passe_le, compte.doit_changer, compte.demo, compte.desactive_le = hache, maintenant, False, True, None
    session.flush()
