"""The questions and answers, read in a browser without JavaScript."""
import pytest
from etapes import alors_on_lit, etant_donne_la_page, quand_on_cherche, quand_on_suit

pytestmark = pytest.mark.navigateur


def test_une_reponse_se_trouve_et_se_lit_sans_javascript(page_sans_js, site):
    etant_donne_la_page(page_sans_js, f"{site}/faq")
    quand_on_cherche(page_sans_js, "plafond chiffre d'affaires auto-entrepreneur")
    quand_on_suit(page_sans_js, "Quel chiffre d'affaires ne faut-il pas dépasser")
    alors_on_lit(page_sans_js, "81\u202f500\u00a0€", "32\u202f600\u00a0€", "Chiffres cités", "Code général des impôts, article 50-0",
                 "Règles en vigueur au", "Poser une autre question")


def test_une_recherche_sans_resultat_donne_le_moyen_de_joindre_la_caisse(page_sans_js, site):
    etant_donne_la_page(page_sans_js, f"{site}/faq")
    quand_on_cherche(page_sans_js, "zyxwv")
    alors_on_lit(page_sans_js, "Aucune question trouvée", "Parler à une personne")


def test_une_recherche_en_danger_donne_les_numeros_et_rien_d_autre(page_sans_js, site):
    etant_donne_la_page(page_sans_js, f"{site}/faq")
    quand_on_cherche(page_sans_js, "j'ai envie de mourir")
    appels = page_sans_js.get_by_role("main").get_by_role("link", name="Appeler le")
    assert [a.get_attribute("href") for a in appels.all()] == ["tel:15", "tel:112", "tel:3114"]


@pytest.mark.parametrize("chemin", ["/", "/faq", "/faq/auto_entrepreneur/depassement_seuils", "/conversation", "/a-propos"])
def test_aucun_signe_double_n_est_separe_par_une_espace_ordinaire(page, site, chemin):
    etant_donne_la_page(page, site + chemin)
    fautes = page.evaluate(r"""() => {
        const textes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const trouvees = [];
        while (textes.nextNode()) if (/\S [;!?»]|\w :\s|« /.test(textes.currentNode.data)) trouvees.push(textes.currentNode.data.trim());
        return trouvees;
    }""")
    assert fautes == []
