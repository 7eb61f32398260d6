"""Numbers that must not be kept are masked, and ordinary figures are left alone."""
import random

import pytest

from bot.texte.masquage import iban_valide, luhn, masquer


@pytest.mark.parametrize(("texte", "genre"), [
    ("mon numéro 1 85 05 78 006 084 36", "nir"), ("185057800608436", "nir"), ("1850578006084", "nir"), ("2 69 05 49 588 157 80", "nir"),
    ("1.85.05.78.006.084.36", "nir"), ("1-85-05-78-006-084", "nir"), ("2 85 05 2A 006 084 12", "nir"), ("185 05 78 006 084 clé 36", "nir"),
    ("FR76 3000 6000 0112 3456 7890 189", "iban"), ("fr7630006000011234567890189", "iban"),
    ("carte 4539 1488 0343 6467 exp 12/11", "carte"), ("4539148803436467", "carte"),
    ("06 12 34 56 78", "telephone"), ("+33 6 12 34 56 78", "telephone"), ("0033612345678", "telephone"), ("+33(0)612345678", "telephone"),
    ("jean.dupont@free.fr", "courriel"), ("jean (at) free.fr", "courriel"), ("jean.dupont arobase orange point fr", "courriel"),
    ("siren 732 829 320", "siren"), ("73282932000074", "siren"),
])
def test_masque(texte, genre):
    resultat = masquer(f"Bonjour, {texte}, merci.")
    assert resultat.genres == [genre]
    assert not any(c.isdigit() for c in resultat.texte.replace("exp 12/11", ""))


@pytest.mark.parametrize("texte", [
    "39 36", "32 600 euros", "81 500 €", "160 trimestres", "2011-00012345", "né le 12/03/1952", "du 01/01/2011 au 31/12/2011",
    "j'ai 52 ans", "le 15 ou le 112", "article L133-6-8-1", "1 000 000 de personnes", "code postal 33000", "le 06.10.2011 14h30", "06-10-2011 14:30", "14 400 euros par an depuis 2009"])
def test_laisse_les_chiffres_ordinaires(texte):
    assert masquer(texte) == (texte, [])


def _nir(alea):
    departement = alea.choice([f"{alea.randint(1, 95):02d}", "2A", "2B", "97", "99"])
    mois = alea.choice([f"{m:02d}" for m in (*range(1, 13), *range(20, 43), *range(50, 100))])
    champs = [alea.choice("123478"), f"{alea.randint(0, 99):02d}", mois, departement, f"{alea.randint(1, 990):03d}", f"{alea.randint(1, 999):03d}"]
    if alea.random() < 0.5:
        champs.append(f"{alea.randint(1, 97):02d}")
    return alea.choice(["", " ", ".", "-", "\u00a0", "\u202f"]).join(champs)


def test_aucun_nir_ne_passe():
    alea = random.Random(2011)
    assert [n for n in (_nir(alea) for _ in range(20_000)) if "nir" not in masquer(f"voici {n} merci").genres
            and "[" not in masquer(f"voici {n} merci").texte] == []


def test_presque_aucun_montant_ni_date_n_est_masque():
    alea = random.Random(2012)
    faits = [f"{alea.randint(1, 99)} {alea.randint(0, 999):03d} euros le {alea.randint(1, 28)}/{alea.randint(1, 12)}/20{alea.randint(10, 12)}"
             for _ in range(20_000)]
    assert sum(bool(masquer(f).genres) for f in faits) <= 2


def test_les_preuves_refusent_un_chiffre_faux():
    assert luhn("4539148803436467") and not luhn("4539148803436468")
    assert iban_valide("FR7630006000011234567890189") and not iban_valide("FR7630006000011234567890188")
