"""What the survey's tests start from: a socle, its cibles and actions, fictitious people with a contact that was held, and an open wave."""
import hashlib
import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy import event, select

from bot.contacts.base import Sessions, ouvrir
from bot.contacts.tables import Action, Assure, Cible, Conseiller, Contact, InvitationEnquete, Rencontre, Socle
from bot.enquete import cadre, jetons, vagues

# The key that CONSEIL_CLE = SECRET gives (bot.contacts.cle).
SECRET = "k" * 40
CLE = hashlib.sha256(SECRET.encode()).digest()
MAINTENANT = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)
CAISSE = "demo-aquitaine"
GENRES = {"EIG": "entretien", "CREATEUR": "courrier", "AE": "rencontre", "RCS": "rencontre"}


_OUVERTES: dict[str, tuple[Path, Sessions]] = {}


def remise(modele, tmp_path_factory):
    """Sessions on a database put back as the migrated one (`modele_sqlite`) before each test. One engine for the whole run: what it has compiled
    is compiled once. For a fixture to yield from."""
    if str(modele) not in _OUVERTES:
        fichier = tmp_path_factory.mktemp("enquete") / "contacts.db"
        engine = ouvrir(f"sqlite:///{fichier}")
        # Nothing here must outlive the machine; the test that kills processes opens its own connections, which wait for the disk.
        event.listen(engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF"))
        _OUVERTES[str(modele)] = fichier, Sessions(engine)
    fichier, sessions = _OUVERTES[str(modele)]
    with closing(sqlite3.connect(modele)) as neuve, closing(sqlite3.connect(fichier)) as vecue:
        neuve.backup(vecue)
    yield sessions


def socle(s):
    """The socle of 2011 with its four cibles; made once a database."""
    deja = s.scalar(select(Socle))
    if deja is not None:
        return deja
    neuf = Socle(annee=2011, version="2011.1", sha256="0" * 64, contenu={"cibles": []}, installe_le=MAINTENANT)
    s.add(neuf)
    s.flush()
    for code, genre in GENRES.items():
        s.add(Cible(socle_id=neuf.id, code=code, perimetre="socle", genre=genre, titre=code, du=date(2011, 1, 1),
                    au=date(2012, 3, 31) if code == "EIG" else date(2011, 12, 31)))
    s.flush()
    return neuf


def action(s, code="EIG", caisse=CAISSE, locale=None):
    """The action of a caisse for a cible of the socle, or a local one of the given kind."""
    racine = socle(s)
    deja = s.scalar(select(Action).where(Action.caisse_code == caisse, Action.code == code))
    if deja is not None:
        return deja
    if locale:
        cible = Cible(socle_id=racine.id, code=code, perimetre="local", caisse_code=caisse, genre=locale, titre=code, du=date(2011, 1, 1), au=date(2011, 12, 31))
        s.add(cible)
        s.flush()
    else:
        cible = s.scalar(select(Cible).where(Cible.code == code))
    neuve = Action(caisse_code=caisse, cible_id=cible.id, perimetre=cible.perimetre, annee=2011, code=code, titre=code, statut="en_cours")
    s.add(neuve)
    s.flush()
    return neuve


def conseiller(s, nom="Fontaine", prenom="Claire", caisse=CAISSE):
    neuf = Conseiller(caisse_code=caisse, nom=nom, prenom=prenom)
    s.add(neuf)
    s.flush()
    return neuf


def assures(s, nombre, caisse=CAISSE, courriel=False, debut=0):
    """Fictitious people, without any e-mail unless asked."""
    neufs = [Assure(caisse_code=caisse, identifiant=f"F{debut + k:06d}", civilite="MME", nom=f"Etcheverry{debut + k}", prenom="Josiane", groupe_pro="artisan",
                    statut="actif", auto_entrepreneur=False, carriere="incomplete", date_naissance=date(1952, 5, 1), langue="fr",
                    canal="courriel" if courriel else "courrier", courriel=f"f{debut + k}@assure.example" if courriel else None) for k in range(nombre)]
    s.add_all(neufs)
    s.flush()
    return neufs


def contacts(s, nombre, code="EIG", jour=date(2011, 9, 8), caisse=CAISSE, forme=None, origine=None, qui=None, resultat="realise", par=None, courriel=False):
    """So many people with one contact each, held on a day; `code` None: spontaneous."""
    a = action(s, code, caisse) if code else None
    socle(s)
    genre = a.cible.genre if a else "entretien"
    personnes = qui or assures(s, nombre, caisse, courriel, debut=len(s.scalars(select(Assure.id)).all()))
    formes = {"entretien": "physique", "courrier": "courrier"}
    neufs = [Contact(caisse_code=caisse, socle_id=socle(s).id, type=genre, collectif=False, forme=forme or formes[genre],
                     origine=origine or ("spontane" if a is None else "campagne" if a.perimetre == "socle" else "local"), action_id=a.id if a else None,
                     assure_id=p.id, conseiller_id=par, jour=jour, resultat=resultat, enregistre_le=MAINTENANT) for p in personnes]
    s.add_all(neufs)
    s.flush()
    return neufs


def rencontre(s, code="AE", participants=12, jour=date(2011, 9, 8), avec_contact=True):
    """A rencontre that was held, and the contact that counts it."""
    a, debut = action(s, code), datetime(jour.year, jour.month, jour.day, 12, tzinfo=timezone.utc)
    r = Rencontre(caisse_code=CAISSE, action_id=a.id, theme="auto_entrepreneur", titre="Réunion", lieu="Bordeaux", debut=debut, fin=debut + timedelta(hours=2),
                  fuseau="Europe/Paris", cloture_inscriptions=debut, inscrits=0, hors_quota=0, participants=participants)
    s.add(r)
    s.flush()
    if avec_contact:
        constater(s, r)
    return r


def constater(s, r):
    s.add(Contact(caisse_code=CAISSE, socle_id=socle(s).id, type="rencontre", collectif=True, forme="collective", origine="campagne", action_id=r.action_id,
                  rencontre_id=r.id, jour=r.debut.date(), resultat="realise", enregistre_le=MAINTENANT))
    s.flush()


def vague(s, code="EIG", caisse=CAISSE, maintenant=MAINTENANT, **plan):
    """An open wave; `code` None: of the spontaneous entretiens."""
    return vagues.ouvrir(s, caisse_code=caisse, exercice=2011, maintenant=maintenant, action_id=action(s, code, caisse).id if code else None, **plan)


def invites(s, v):
    """The invitations of a wave with their codes, in the order of their making."""
    siennes = s.scalars(select(InvitationEnquete).join(InvitationEnquete.releve).where(InvitationEnquete.releve.property.mapper.class_.vague_id == v.id)
                        .order_by(InvitationEnquete.id)).all()
    return [(i, jetons.code(CLE, i.pseudonyme)) for i in siennes]


def ouverte(s, nombre=3, code="EIG", **contact):
    """A wave already drawn and delivered, with so many invitations: (wave, codes)."""
    contacts(s, nombre, code, **contact)
    v = vague(s, code)
    cadre.tirer(s, v, MAINTENANT, CLE)
    for i, _ in invites(s, v):
        i.etat, i.delivree_le = "delivre", MAINTENANT
    s.flush()
    return v, [c for _, c in invites(s, v)]
