# ruff: noqa: F811  (fixtures are imported by name)
"""Pages, PDF, sheets and editable copies: the same document, read back with other programs."""
import io
import re
from collections import Counter

import openpyxl
import pikepdf
import pytest
from docx import Document as Docx

from bot.bilan import documents_nationaux, echange, graphiques, rendus
from bot.bilan.pieces import Document, Part, Section, Tableau, Texte, ecrire
from bot.bilan.regional import Source, document
from tests.annee_bilan import CAISSE, annee, bloc_enquete, contenu, modele_bilan, registre_2011  # noqa: F401  (fixtures)


@pytest.fixture(scope="module")
def payload(registre_2011):
    p = contenu(CAISSE, registre_2011)
    eig = p["actions"][0]
    eig["enquete"] = bloc_enquete(100, 60, pas=7, items=("Q1", "Q2", "Q3", "Q7", "Q8", "Q10"))
    eig["enquete"]["items"]["Q5"] = {"D1": 20, "D3": 55}
    eig["objectif"] = 1200
    eig["textes"] = {"enseignements": "Les entretiens du soir sont très demandés."}
    return p


@pytest.fixture(scope="module")
def doc(payload, registre_2011):
    return document(Source(payload, registre_2011.campagne, "Caisse de démonstration Aquitaine", "signé", ("le directeur",), echange.sha256(payload)))


@pytest.fixture(scope="module")
def pdf(doc, payload):
    return rendus.pdf(doc, ("bilan.json", echange.enveloppe(payload)))


def test_les_douze_sections_sont_la_dans_l_ordre(doc):
    assert [s.titre for s in doc.sections] == ["Identification", "Synthèse", "Les cibles du socle", "Actions locales", "Entretiens spontanés", "Offre globale",
                                               "Satisfaction", "Règles de la circulaire", "Moyens", "Difficultés", "Enseignements et priorités proposées",
                                               "Annexes"]


def test_les_onze_tableaux_et_les_cinq_graphiques_sont_la(doc):
    codes = {t.code.split()[0] for t in doc.tableaux()}
    assert {f"T{n}" for n in range(1, 12)} <= codes and {f.code.split()[0] for f in doc.figures()} == {"G1", "G2", "G3", "G4", "G5"}


def test_chaque_graphique_a_sa_phrase_et_ses_donnees(doc):
    for figure in doc.figures():
        assert len(figure.alternative) > 30 and figure.donnees.lignes, figure.code


def test_un_graphique_est_le_meme_octet_pour_octet(doc, payload, registre_2011):
    autre = document(Source(payload, registre_2011.campagne, "Caisse de démonstration Aquitaine", "signé"))
    assert [f.svg for f in doc.figures()] == [f.svg for f in autre.figures()]
    assert b"<dc:date>" not in doc.figures()[0].svg


def test_une_cible_non_realisee_est_imprimee_avec_son_motif(doc):
    t1 = next(t for t in doc.tableaux() if t.code == "T1")
    assert [ligne[0] for ligne in t1.lignes] == ["EIG", "Créateurs", "Auto-entrepreneurs", "Rencontres métiers"]
    assert list(t1.lignes[3][1:3]) == ["sans objectif chiffré", 0] and t1.lignes[3][-1] == "non réalisée"
    assert "interlocuteur social unique" in rendus.html(doc)


def test_la_typographie_est_francaise(doc):
    page = rendus.html(doc)
    assert "1\u202f200" in page and "88,3\u202f%" in page and "«\u00a0" in page


def test_les_mentions_sont_sur_la_page_et_au_pied_de_chaque_page(doc):
    page = rendus.html(doc)
    assert "Modèle reconstitué" in page and "Données fictives" in page
    assert 'content: "Modèle reconstitué' in page and "&#39;" not in page.split("</style>")[0]


def test_un_texte_hostile_ne_devient_ni_balise_ni_style():
    mauvais = Document("t", "s", [("n", "<b>")], ['</style><script>alert("x")</script>'], [Section("S", [Texte("<script>1</script>")])], "2012-01-20")
    page = rendus.html(mauvais)
    assert "<script>" not in page


# -- PDF -------------------------------------------------------------------------------------------------------------------------------------


def test_le_pdf_est_balise_en_francais_et_se_dit_pdf_ua(pdf):
    with pikepdf.open(io.BytesIO(pdf)) as lu:
        assert str(lu.Root.Lang) == "fr" and lu.Root.MarkInfo.Marked and "/StructTreeRoot" in lu.Root
        assert str(lu.Root.ViewerPreferences.DisplayDocTitle) in ("True", "true", "1")
        with lu.open_metadata() as meta:
            assert meta.get("pdfuaid:part") == "1" and "Bilan 2011" in meta["dc:title"]


def balises(noeud, trouvees):
    """Every structure element under a node."""
    enfants = noeud.get("/K")
    for enfant in (enfants if isinstance(enfants, pikepdf.Array) else [enfants] if enfants is not None else []):
        if isinstance(enfant, pikepdf.Dictionary) and "/S" in enfant:
            trouvees.append(enfant)
            balises(enfant, trouvees)
    return trouvees


def test_les_titres_les_tableaux_et_les_images_du_pdf_sont_des_balises(pdf, doc):
    with pikepdf.open(io.BytesIO(pdf)) as lu:
        toutes = balises(lu.Root.StructTreeRoot, [])
        genres = [str(b.S) for b in toutes]
        # a table that runs over a page is tagged once on each
        assert genres.count("/Table") >= len(doc.tableaux()) and {"/H1", "/H2", "/TH", "/TD", "/Caption"} <= set(genres)
        figures = [b for b in toutes if str(b.S) == "/Figure"]
        assert len(figures) == len(doc.figures()) and all(str(b.get("/Alt", "")) for b in figures)


def test_les_titres_du_pdf_se_suivent_sans_sauter_de_niveau(pdf, doc):
    """A person who goes from heading to heading never falls into a hole: one H1, then each at most one level below the one before."""
    with pikepdf.open(io.BytesIO(pdf)) as lu:
        niveaux = [int(str(b.S)[2:]) for b in balises(lu.Root.StructTreeRoot, []) if re.fullmatch(r"/H\d", str(b.S))]
    assert niveaux.count(1) == 1 and niveaux[0] == 1
    assert all(apres <= avant + 1 for avant, apres in zip(niveaux, niveaux[1:])), niveaux
    assert niveaux.count(2) == len(doc.sections) + 1  # the contents too


def test_chaque_cellule_du_pdf_nomme_ses_entetes_de_ligne_et_de_colonne(pdf):
    """What a screen reader says of a cell: each one names header cells of its own table, a line's and a column's."""
    with pikepdf.open(io.BytesIO(pdf)) as lu:
        for table in (b for b in balises(lu.Root.StructTreeRoot, []) if str(b.S) == "/Table"):
            entetes = {bytes(b.ID) for b in balises(table, []) if str(b.S) == "/TH"}
            cellules = [b for b in balises(table, []) if str(b.S) == "/TD"]
            assert cellules and entetes
            for cellule in cellules:
                siens = [bytes(e) for a in (cellule.A if isinstance(cellule.A, pikepdf.Array) else [cellule.A]) for e in a.get("/Headers", [])]
                assert len(siens) >= 2 and set(siens) <= entetes


def test_rien_du_texte_du_pdf_n_echappe_aux_balises(pdf):
    """Every page is in the tree, read in its order; every drawn text is marked, as content or as an artefact (page numbers, mentions)."""
    with pikepdf.open(io.BytesIO(pdf)) as lu:
        assert "/ParentTree" in lu.Root.StructTreeRoot
        for page in lu.pages:
            assert "/StructParents" in page.obj and str(page.obj.get("/Tabs", "/S")) == "/S"
            ouvert, nus = 0, 0
            for _, operateur in pikepdf.parse_content_stream(page):
                nom = str(operateur)
                ouvert += (nom in ("BDC", "BMC")) - (nom == "EMC")
                nus += nom in ("Tj", "TJ") and not ouvert
            assert nus == 0 and ouvert == 0


def test_le_pdf_dit_sa_langue_son_titre_ses_listes_et_ses_liens(pdf, doc):
    with pikepdf.open(io.BytesIO(pdf)) as lu:
        genres = Counter(str(b.S) for b in balises(lu.Root.StructTreeRoot, []))
        assert str(lu.docinfo["/Title"]) == doc.titre and genres["/L"] and genres["/LI"] >= genres["/L"]
        assert genres["/Link"] >= len(doc.sections)  # the contents: one link a section, one more for its page
        for page in lu.pages:
            for lien in page.obj.get("/Annots", []):
                assert str(lien.Subtype) != "/Link" or lien.get("/Contents") or "/StructParent" in lien
        polices = [p for page in lu.pages for p in page.resources.get("/Font", {}).values()]
        assert polices and all("/ToUnicode" in p for p in polices)  # text can be read out and copied


def test_le_pdf_porte_le_json_qui_fait_foi(pdf, payload):
    with pikepdf.open(io.BytesIO(pdf)) as lu:
        assert lu.attachments["bilan.json"].get_file().read_bytes() == echange.enveloppe(payload)


def test_le_pdf_est_le_meme_octet_pour_octet(doc):
    court = Document(doc.titre, doc.sous_titre, doc.identite, doc.mentions, doc.sections[1:2], doc.date)
    assert rendus.pdf(court, ("bilan.json", b"{}")) == rendus.pdf(court, ("bilan.json", b"{}"))


# -- XLSX and DOCX ---------------------------------------------------------------------------------------------------------------------------


def test_dans_la_feuille_un_nombre_est_un_nombre_et_une_part_un_pourcentage(doc):
    classeur = openpyxl.load_workbook(io.BytesIO(rendus.xlsx(doc)))
    feuille = classeur["T1"]
    assert feuille["B4"].value == 1200 and feuille["C4"].value == 100 and feuille["D4"].value == pytest.approx(100 / 1200)
    assert feuille["D4"].number_format.endswith("%") and feuille["B7"].value == "sans objectif chiffré"


def test_la_feuille_est_la_meme_octet_pour_octet(doc):
    assert rendus.xlsx(doc) == rendus.xlsx(doc)


def test_une_formule_glissee_dans_un_texte_reste_un_texte():
    piege = Document("t", "s", [], [], [Section("S", [Tableau("T1", "x", ("a", "b"), [["=1+1", "@SUM(A1)"]])])], "2012-01-20")
    feuille = openpyxl.load_workbook(io.BytesIO(rendus.xlsx(piege)))["T1"]
    assert feuille["A4"].data_type == "s" and feuille["A4"].value == "=1+1"


def test_le_document_modifiable_se_relit(doc):
    lu = Docx(io.BytesIO(rendus.docx(doc)))
    assert lu.core_properties.language == "fr-FR" and len(lu.tables) == len(doc.tableaux())
    assert any("très demandés" in p.text for p in lu.paragraphs)


@pytest.mark.parametrize("valeur, ecrit", [(None, "–"), (0, "0"), ("s", "s"), (Part(None), "–"), (Part(0.941), "94,1\u202f%"), (81500, "81\u202f500")])
def test_zero_absent_et_masque_ne_se_ressemblent_pas(valeur, ecrit):
    assert ecrire(valeur) == ecrit


# -- national ----------------------------------------------------------------------------------------------------------------------------------


def edition(codes, masque):
    valeur = "s" if masque else 7
    ligne = {"statut": "realisee", "volumes": {"requete": 30, "invites": 20, "realises": 10}, "effets": {"oriente_recouvrement": valeur},
             "sous_cibles": {"carriere_incomplete": valeur}, "items": {}, "enquete": {}}
    return {"format": "bilan-national", "exercice": 2011, "erratum": False, "registre": "ab" * 32, "socle": {"id": "socle-2011", "version": "1", "sha256": "x"},
            "fichiers": [{"caisse": c, "sequence": 1, "sha256": c} for c in codes], "transition": None, "fictif": True,
            "perimetre": {"attendues": 3, "comptes": {"recu": 2, "hors_delai": 0, "refuse": 0, "manquant": 1},
                          "lignes": [{"caisse": c, "nom": f"Caisse {c}", "etat": "recu" if c in codes else "manquant", "sequence": 1, "sha256": "ab" * 32,
                                      "ecartes": {}} for c in (*codes, "Z")]},
            "totaux": {"EIG": {"volumes": {"realises": 20}}}, "dispersion": {}, "enquete": {}, "locales": [], "difficultes": [], "priorites": [],
            "statuts": {c: dict.fromkeys(("EIG", "CREATEUR", "AE", "RCS"), "realisee") for c in codes},
            "caisses": {c: dict.fromkeys(("EIG", "CREATEUR", "AE", "RCS"), ligne) for c in codes}, "comparaison": None, "refus": [], "textes": {},
            "objectifs": {"politique_nationale": {"cibles_menees": 8, "cibles_attendues": 8}, "communication_relayee": {"supports": 0, "manifestations": 0},
                          "ressources": {"agents": 1, "heures": 2, "caisses": 1}, "effets": {}, "outils": {}, "programmes": {}},
            "cog": {"caisses": 0, "courriers": 0, "affiliations": 0, "taux": None, "retours": 0}, "proposition_n1": {"priorites": [], "texte": None},
            **({"edition": "publique", "secret": {"seuil": 11, "cellules": {"V": 1, "A": 2, "D": 3}}} if masque else {})}


def test_le_bilan_national_a_ses_onze_sections_et_dit_qu_il_est_partiel(registre_2011):
    doc = documents_nationaux.document(edition(["A", "B"], False), registre_2011.campagne, 1, "2012-01-31")
    assert len(doc.sections) == 11 and doc.titre.endswith("résultat partiel")
    assert "manquant" in rendus.html(doc)


def test_une_cellule_masquee_l_est_dans_chaque_sortie(registre_2011):
    """Table, sheet, page: the public document is made from masked content alone."""
    doc = documents_nationaux.document(edition(["A", "B"], True), registre_2011.campagne, 1, "2012-01-31")
    n7 = next(t for t in doc.tableaux() if t.code == "N7 EIG")
    assert [ligne[-2:] for ligne in n7.lignes] == [["s", "s"], ["s", "s"], [None, None]]
    classeur = openpyxl.load_workbook(io.BytesIO(rendus.xlsx(doc)))
    assert classeur["N7 EIG"]["G4"].value == "s"


def test_la_carte_des_statuts_dit_par_une_lettre_ce_que_dit_la_couleur():
    svg = graphiques.carte([("Caisse A", ["realisee", "partielle", "non_realisee", "manquant"])], ["a", "b", "c", "d"])
    assert svg.startswith(b"<?xml") and svg == graphiques.carte([("Caisse A", ["realisee", "partielle", "non_realisee", "manquant"])], ["a", "b", "c", "d"])
