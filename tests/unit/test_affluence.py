"""The queue of bounded length and the fuse, by themselves."""
import pytest

from bot.site.affluence import Affluence, Fusible, Guichet


class Montre:
    def __init__(self):
        self.t = 0.0

    def __call__(self):
        return self.t


RESTENT = []  # a place that nobody holds any more is given back


def remplir(guichet, combien):
    """That many people inside, who stay."""
    for _ in range(combien):
        RESTENT.append(guichet.place())
        RESTENT[-1].__enter__()


def test_l_attente_estimee_trop_longue_refuse_tout_de_suite_avec_un_delai():
    guichet = Guichet(attente_max=1.0, service=0.1)
    remplir(guichet, 9)
    with guichet.place():
        pass
    remplir(guichet, 1)
    with pytest.raises(Affluence) as refus, guichet.place():
        pass
    assert refus.value.statut == 503 and 1 <= refus.value.attendre <= 5 and guichet.refuses == 1


def test_plus_la_foule_est_grande_plus_on_la_fait_revenir_tard_et_jamais_toute_ensemble():
    montre = Montre()
    guichet = Guichet(attente_max=1.0, service=0.05, horloge=montre)
    remplir(guichet, 20)

    def refuses(combien, secondes):
        delais = []
        for _ in range(combien):
            montre.t += secondes / combien
            with pytest.raises(Affluence) as refus, guichet.place():
                pass
            delais.append(refus.value.attendre)
        return delais

    assert refuses(3, 1.0)[0] <= 3, "quelques personnes reviennent vite"
    foule = refuses(400, 10.0)[-50:]
    assert min(foule) >= 14 and max(foule) <= 20 and len(set(foule)) > 2
    montre.t += 60
    assert refuses(3, 1.0)[-1] <= 3, "la foule partie, le délai retombe"


def test_les_premiers_entrent_toujours_meme_si_le_moteur_est_lent():
    guichet = Guichet(attente_max=1.0, service=5.0, toujours=8)
    remplir(guichet, 8)
    with pytest.raises(Affluence), guichet.place():
        pass


def test_une_urgence_entre_quelle_que_soit_la_foule():
    guichet = Guichet(attente_max=1.0, service=1.0)
    remplir(guichet, 8)
    with guichet.place(due=True):
        assert guichet.dedans == 9


def test_le_nombre_de_places_est_borne_quelle_que_soit_l_estimation():
    guichet = Guichet(attente_max=1.0, service=0.0, places=64)
    remplir(guichet, 64)
    with pytest.raises(Affluence), guichet.place():
        pass


def test_qui_sort_rend_sa_place_meme_quand_il_sort_mal():
    guichet = Guichet(attente_max=1.0)
    with pytest.raises(ValueError), guichet.place():
        raise ValueError
    assert guichet.dedans == 0


def test_l_estimation_suit_ce_qui_est_mesure(monkeypatch):
    montre = Montre()
    monkeypatch.setattr("bot.site.affluence.time.perf_counter", montre)
    guichet = Guichet(attente_max=1.0, service=0.03)
    for _ in range(200):
        with guichet.place():
            montre.t += 0.2
    assert guichet.service == pytest.approx(0.2, rel=0.01)
    with guichet.place(), guichet.place():  # two at once: each took twice as long because of the other
        montre.t += 0.4
    assert guichet.service == pytest.approx(0.2, rel=0.1)


def test_le_fusible_coupe_apres_trois_tours_perdus_puis_un_seul_va_voir():
    montre = Montre()
    fusible = Fusible(essais=3, repos=5, horloge=montre)
    for _ in range(2):
        fusible.noter(False)
    assert not fusible.coupe()
    fusible.noter(False)
    assert fusible.coupe() and fusible.coupures == 1
    montre.t = 5.1
    assert not fusible.coupe(), "celui-ci va voir"
    assert fusible.coupe(), "les autres attendent qu'il revienne"
    fusible.noter(False)
    assert fusible.coupe()
    montre.t = 10.3
    assert not fusible.coupe()
    fusible.noter(True)
    assert not fusible.coupe() and fusible.coupures == 1


def test_un_tour_reussi_efface_les_perdus():
    fusible = Fusible(essais=3)
    for reussi in (False, False, True, False, False):
        fusible.noter(reussi)
    assert not fusible.coupe()
