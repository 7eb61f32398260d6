"""Audit, role × route, other caisses (security.md S9, S16): every route of the matrix is really taken, leaves exactly one line, and nothing to
another caisse. The pages are those of `remplie`, where everything has happened once."""
import re
from collections import defaultdict
from uuid import uuid4

import pyotp
import pytest
from sqlalchemy import func, select

from bot.contacts import audit, comptes
from bot.contacts.tables import Audit, Compte, Entretien, Fermeture, Historique, Lot, Ouverture, Relais, SaisieBilan, Vague
from bot.horloge import Horloge, lire_instant
from bot.site.espace.acces import SIGNES_DE_VIE
from bot.site.espace.droits import DROITS, OUVERTE
from tests.site import remplie
from tests.site.espace import Navigateur, hachage_rapide
from tests.site.remplie import BILAN, EIG, adresse, lectures, marcher, parametres, qui_prend
from tests.site.test_espace_campagne import lettre
from tests.site.test_espace_connexion import rattacher
from tests.site.test_espace_droits import de_lespace
from tests.site.test_espace_relecture import champs as champs_de_relecture

# POST routes whose taking is not an act of a person: the sign of life of an open page.
ECRITURES = {n: d for n, d in DROITS.items() if OUVERTE in d.etapes}


class Temoin:
    """Lines of audit by route, for every form that was served."""

    def __init__(self, monkeypatch, espace):
        self.espace, self.lignes = espace, defaultdict(list)
        self.chemins = [(r.name, r.path_regex, r.methods) for r in de_lespace(espace.app)]
        vrai = Navigateur.post

        def post(navigateur, ou, suivre=False, **champs):
            avant = self.compter()
            reponse = vrai(navigateur, ou, suivre, **champs)
            if reponse.status_code < 400:
                self.lignes[self.nom(ou)].append(self.compter() - avant)
            return reponse
        monkeypatch.setattr(Navigateur, "post", post)

    def compter(self) -> int:
        with self.espace.sessions.lecture() as s:
            return s.scalar(select(func.count()).select_from(Audit))

    def nom(self, ou: str, methode: str = "POST") -> str:
        return next(n for n, motif, methodes in self.chemins if methode in methodes and motif.match(ou.partition("?")[0]))


def premier(espace, colonne, *conditions):
    with espace.sessions.lecture() as s:
        return s.scalar(select(colonne).where(*conditions).order_by(colonne).limit(1))


@pytest.fixture
def temoin(bureau, monkeypatch):
    return Temoin(monkeypatch, bureau.espace)


def tout_faire(bureau) -> None:
    """The writes of the field that `remplir` has not made."""
    espace = bureau.espace
    claire, marc, lise, anne = (espace.connecte(q) for q in ("claire.fontaine", "marc.colline", "lise.riviere", "anne.sommet"))
    p = parametres(espace)
    # -- the agenda
    marcher(marc.post("/espace/agenda/jours-feries", jour="2011-11-01"))
    marcher(claire.post("/espace/agenda/ouverture", conseiller=str(bureau.claire), jour="2011-10-18", debut="14:00", fin="17:00", motifs=["conseil_social_telephone"]))
    with espace.sessions.lecture() as s:
        derniere = s.scalar(select(func.max(Ouverture.id)))
    marcher(claire.post("/espace/agenda/reprise", objet="ouverture", id=derniere))
    with espace.sessions.lecture() as s:
        une = next(o.id for o in s.scalars(select(Ouverture).where(Ouverture.conseiller_id == bureau.claire)) if o.du.weekday() == 2)
    marcher(claire.post(f"/espace/agenda/ouvertures/{une}/suppression", seul="2011-11-02", jour="2011-11-02"))
    marcher(marc.post(f"/espace/agenda/fermetures/{premier(espace, Fermeture.id)}/levee"))
    marcher(claire.post("/espace/agenda/calendrier/revocation"))
    # -- entretiens
    autre = premier(espace, Entretien.id, Entretien.operation_id != "ce-matin")
    page = claire.get(f"/espace/entretiens/{autre}/deplacement").text
    libre = re.search(r'name="creneau" value="([^"]+)"', page)[1]
    marcher(claire.post(f"/espace/entretiens/{autre}/deplacement", creneau=libre, avec="tous"))
    marcher(claire.post(f"/espace/entretiens/{autre}/annulation", raison="empechement"))
    marcher(claire.post(f"/espace/entretiens/{bureau.entretien_id}/trame", attente="Comprendre", version="0"))
    marcher(claire.post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", issue="honore", sujet_principal="carriere"))
    page = lise.get("/espace/rendez-vous?motif=conseil_social_telephone").text
    marcher(lise.post("/espace/rendez-vous", motif="conseil_social_telephone", creneau=re.search(r'name="creneau" value="([^"]+)"', page)[1],
                      operation=str(uuid4()), nom="Exemple", prenom="Dominique", telephone="06 39 98 00 88"))
    from tests.site.test_espace_agenda import bilan
    marcher(claire.post("/espace/entretien-spontane", assure=str(bureau.assure_id), forme="physique", origine="spontane", **bilan()))
    marcher(lise.post(f"/espace/assures/{bureau.assure_id}/refus", refus="refus_contact"))
    _enquete_campagne_kit(espace, p, marc, lise, anne)
    _conversations_relecture(espace, p, claire)
    # -- rencontres, one of them once it is over
    marcher(claire.post(f"/espace/rencontres/{p['rencontre_id']}/inscriptions/{p['inscription_id']}/desistement"))
    lieu = marcher(claire.post("/espace/rencontres", theme="auto_entrepreneur", titre="À annuler", jour="2011-10-11", debut="17:00", fin="19:00",
                               lieu="Salle fictive", places="5", animateurs=[str(bureau.claire)])).headers["location"]
    marcher(claire.post(f"{lieu.partition('?')[0]}/annulation"))
    bureau.a("2011-10-05T09:00")
    marcher(espace.connecte("claire.fontaine").post(f"/espace/rencontres/{p['rencontre_id']}/cloture", participants="7", d_D2="2", d_D3="1",
                                                    reste="manque_de_temps"))
    bureau.a("2011-09-14T10:00")


def _enquete_campagne_kit(espace, p, marc, lise, anne) -> None:
    code = remplie.codes_enquete(espace)[0]
    marcher(lise.post("/espace/enquete/saisie", code=code))
    marcher(lise.post("/espace/enquete/saisie/reponses", code=code, mode="papier", Q1="tres", Q5=["D1"]))
    marcher(marc.post(f"/espace/enquete/commentaires/{p['commentaire_id']}", decision="ecarter"))
    marcher(marc.post(f"/espace/tirages/{p['tirage_id']}/preuve"))
    reference = re.search(r"EIG-2011-\d+-\d+", lise.get(f"/espace/lots/{p['lot_id']}/liste.csv").text)[0]
    marcher(lise.post(f"{EIG}/retours", references=reference))
    ou = "/espace/kit/courrier_invitation/parties/lettre"
    champs = lettre(marc.get(ou).text) | {"objet": "Préparons votre retraite à Bordeaux"}
    marcher(marc.post(f"{ou}/apercu", **champs))
    marcher(marc.post(ou, **champs))
    version = re.search(r"/espace/kit/versions/(\d+)/reception", anne.get("/espace/kit").text)[1]
    marcher(anne.post(f"/espace/kit/versions/{version}/reception", niveau="directeur"))


def _conversations_relecture(espace, p, claire) -> None:
    tenue = premier(espace, Relais.id, Relais.etat == "en_cours")
    marcher(claire.post(f"/espace/conversations/{tenue}/brouillon", texte="", cherche="plafond"))
    marcher(claire.post(f"/espace/conversations/{tenue}/signe"))
    marcher(claire.post(f"/espace/conversations/{tenue}/retour"))
    marcher(claire.post(f"/espace/rappels/{p['rappel_id']}", etat="fait"))
    page = claire.get("/espace/relecture").text
    marcher(claire.post("/espace/relecture/propositions", sujet="eirl/definition", nature="formulation", **champs_de_relecture(page)))
    nom = next((espace.reglages.donnees / "propositions").glob("*.yml")).name
    marcher(claire.post(f"/espace/relecture/propositions/{nom}/mesure"))
    marcher(claire.post(f"/espace/relecture/propositions/{nom}/decision", decision="abandonner"))
    marcher(claire.post("/espace/relecture/ecarts", **champs_de_relecture(claire.get("/espace/relecture").text)))


def tous_les_comptes(espace) -> None:
    """The writes about accounts, one's own and others'."""
    marc = espace.connecte("marc.colline")
    with espace.sessions.lecture() as s:
        paul = comptes.par_identifiant(s, "paul.vallon").conseiller_id
    base = f"/espace/equipe/{paul}"
    marcher(marc.post("/espace/equipe", prenom="Nouvelle", nom="Venue", identifiant="nouvelle.venue", roles=["conseiller"]))
    marcher(marc.post(f"{base}/roles", roles=["conseiller", "secretariat"]))
    marcher(marc.post(f"{base}/mot-de-passe"))
    rattacher(espace, "paul.vallon")
    marcher(marc.post(f"{base}/telephone"))
    marcher(marc.post(f"{base}/desactivation"))
    marcher(marc.post(f"{base}/reactivation"))
    omar = espace.connecte("omar.clairiere")
    marcher(omar.post("/espace/compte/autres-appareils"))
    marcher(omar.post("/espace/compte/double-authentification"))
    page = omar.get("/espace/compte/double-authentification").text
    telephone = pyotp.TOTP(re.search(r'id="cle"[^>]*value="(\w+)"', page)[1])
    marcher(omar.post("/espace/compte/double-authentification/activation", code=telephone.now()))
    secours = rattacher(espace, "denis.ravin")[1]
    denis = espace.connecte("denis.ravin")
    marcher(denis.post("/espace/compte/codes-de-secours", code=secours[0]))
    secours = rattacher(espace, "denis.ravin")[1]
    denis = espace.connecte("denis.ravin")
    marcher(denis.post("/espace/compte/double-authentification/retrait", code=secours[0]))
    zoe = espace.connecte("zoe.garrigue")
    marcher(zoe.post("/espace/compte/mot-de-passe", ancien="demonstration-2011", nouveau="quatre canards sous la neige",
                     confirmation="quatre canards sous la neige"))
    marcher(espace.connecte("ines.prairie").post("/espace/deconnexion"))


def test_chaque_ecriture_du_terrain_laisse_exactement_une_ligne(bureau, temoin):
    remplie.remplir(bureau)
    tout_faire(bureau)
    tous_les_comptes(bureau.espace)
    attendues = {r.name for r in de_lespace(bureau.espace.app) if "POST" in r.methods and OUVERTE in DROITS[r.name].etapes} - {
        n for n in DROITS if n.startswith(("bilan", "connexion"))}
    juger(temoin, attendues)


def test_chaque_ecriture_du_bilan_laisse_exactement_une_ligne(sites_espace, modele_espace, tmp_path, monkeypatch):
    with hachage_rapide():
        espace = sites_espace.donner()
        copier(remplie.ecrire_annee(modele_espace, tmp_path), espace)
        temoin = Temoin(monkeypatch, espace)
        espace.app.state.contexte.horloge = Horloge.depuis(lire_instant("2012-01-20T10:00"))
        marc, jean, ines = (espace.connecte(q) for q in ("marc.colline", "jean.plateau", "ines.prairie"))
        marcher(jean.post("/espace/bilans/exercice/2011", strict="oui"))
        marcher(marc.post(f"{BILAN}/parties/textes.synthese", valeur="Une phrase.", version="0"))
        marcher(marc.post(f"{BILAN}/controle"))
        marcher(marc.post(f"{BILAN}/reprise"))
        remplie.remplir_bilan(espace)
        fichier = espace.connecte("anne.sommet").get(f"{BILAN}/document/json").content
        recu = parametres(espace)["recu_id"]
        marcher(ines.post(f"/espace/bilans/recus/{recu}/commentaires", texte="À reprendre ailleurs."))
        marcher(ines.post("/espace/bilans/2011/proposition", valeur="Garder les quatre cibles."))
        marcher(marc.post(f"{BILAN}/rectificatif"))
        avant = temoin.compter()
        reponse = jean.client.post("/espace/bilans/reception", data={"csrf": jean.csrf}, files={"fichier": ("x.json", fichier, "application/json")},
                                   follow_redirects=False)
        assert reponse.status_code == 303
        temoin.lignes["bilans.recevoir"].append(temoin.compter() - avant)
        marcher(jean.post("/espace/bilans/2011/cloture"))
        juger(temoin, {r.name for r in de_lespace(espace.app) if "POST" in r.methods and r.name.startswith("bilan")})


def copier(source, espace) -> None:
    import sqlite3
    from contextlib import closing
    with closing(sqlite3.connect(source)) as ecrite, closing(sqlite3.connect(espace.reglages.donnees / "contacts.db")) as base:
        ecrite.backup(base)


def juger(temoin, attendues) -> None:
    """Every route was taken; each time exactly one line (none for a sign of life); and the chain holds."""
    assert attendues - set(temoin.lignes) == set(), "jamais prises"
    faux = {nom: lignes for nom, lignes in temoin.lignes.items()
            if nom in attendues and any(n != 1 and not (nom in SIGNES_DE_VIE and n == 0) for n in lignes)}
    assert faux == {}
    with temoin.espace.sessions.lecture() as s:
        assert audit.verifier(s).premiere_rupture is None


def test_chaque_lecture_laisse_exactement_une_ligne_et_ne_change_rien_d_autre(bureau, temoin):
    """No GET has an effect (S5): what becomes of objects stands in the history, and it does not move."""
    remplie.remplir(bureau)
    espace, valeurs, prises = bureau.espace, parametres(bureau.espace), set()

    def histoire():
        with espace.sessions.lecture() as s:
            return s.scalar(select(func.count()).select_from(Historique))
    for nom, chemin in lectures(espace).items():
        ou = adresse(chemin, valeurs)
        if ou is None or nom in SIGNES_DE_VIE:
            continue
        navigateur = espace.connecte("claire.fontaine" if nom == "relais.voir" else qui_prend(nom))
        avant, change = temoin.compter(), histoire()
        reponse = navigateur.client.get(ou, follow_redirects=False)
        if reponse.status_code < 400:
            prises.add(nom)
            assert (nom, temoin.compter() - avant) == (nom, 1)
        assert (nom, histoire()) == (nom, change)
    restent = {n for n in lectures(espace) if n not in prises and not n.startswith(("bilan", "relecture."))}
    assert restent <= SIGNES_DE_VIE, restent


def test_une_ligne_sans_nom_ni_secret_porte_l_acteur_et_la_route(bureau):
    bureau.connecte("anne.sommet").get("/espace/kit")
    with bureau.espace.sessions.lecture() as s:
        ligne = s.scalars(select(Audit).order_by(Audit.id.desc())).first()
        assert (ligne.acte, ligne.role, ligne.caisse_code) == ("kit", "directeur", "demo-aquitaine") and re.fullmatch(r"conseiller:\d+", ligne.acteur)


# -- S9: another caisse ------------------------------------------------------------------------------------------------------------------------------

# Parameters that name no object of a caisse: the same words are everybody's.
COMMUNS = {"annee", "code", "outil", "partie", "champ", "genre", "format", "numero", "version_id", "nom", "forme"}


def test_rien_d_une_autre_caisse_ne_s_ouvre_et_cela_ressemble_a_l_inconnu(bureau):
    """Role × route × (own, other): whatever names an object of Aquitaine is 404 for every role of Réunion, as an unknown number is."""
    remplie.remplir(bureau)
    espace, valeurs = bureau.espace, parametres(bureau.espace)
    rose, vus = espace.connecte("rose.lagon"), 0
    for route in de_lespace(espace.app):
        objets = set(re.findall(r"{(\w+)}", route.path)) - COMMUNS
        if not objets or route.name in SIGNES_DE_VIE or OUVERTE not in DROITS[route.name].etapes or route.name.startswith("bilans"):
            continue
        ici = adresse(route.path, valeurs)
        if ici is None:
            continue
        ailleurs = adresse(route.path, valeurs | {o: "999999" for o in objets})
        reponses = [rose.client.get(ou) if "GET" in route.methods else rose.post(ou, etat="fait", texte="x", jeton=str(uuid4())) for ou in (ici, ailleurs)]
        assert [r.status_code for r in reponses] == [404, 404], (route.name, [r.status_code for r in reponses])
        corps = [re.sub(r'value="\w{64}"|action="[^"]*"|href="[^"]*"', "", r.text[r.text.index("<main"):r.text.index("</main>")]) for r in reponses]
        assert corps[0].replace(ici, "") == corps[1].replace(ailleurs, ""), route.name
        vus += 1
    assert vus >= 35
    with espace.sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Compte).where(Compte.desactive_le.is_not(None))) == 0
        assert s.get_one(Lot, valeurs["lot_id"]) and s.get_one(Vague, valeurs["vague_id"]) and s.scalar(select(func.count()).select_from(SaisieBilan)) == 0
