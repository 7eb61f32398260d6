"""inscrire_rencontre: theme, date and place, who, then a seat or a rank in the waiting list. A full rencontre is an offer, not an error."""
from typing import Any, Mapping, Optional

from bot.agenda import choix, rencontres
from bot.agenda.auteurs import ASSURE_CHAT
from bot.agenda.creneaux import Creneau
from bot.agenda.dialogue import coordonnees, lieux, paroles, propositions
from bot.agenda.dialogue import defaire as reprises
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu, de_donnees, en_donnees
from bot.agenda.dialogue.lexique import bouton as libelle
from bot.agenda.dialogue.lexique import reconnus
from bot.agenda.refus import CourrielInvalide, InscriptionsCloses, NomManquant, RencontreFigee, TelephoneManquant
from bot.agenda.rencontres import Etat
from bot.contacts.flux import Dire
from bot.contacts.tables import Inscription, Rencontre

NOM = "inscrire_rencontre"
RAPPEL = "Revenons à votre inscription."
ARRET = "C'est arrêté : aucune place n'est réservée par cette demande, et rien n'en est gardé."
THEME, DATE, RECAP = "theme", "date", "recap"
MONTREES = 3


def noter(fil: Fil, lu: Lu) -> bool:
    """A theme, a date, a place, the rank of a rencontre shown; « oui » at the summary."""
    d = fil.donnees
    compris = False
    themes = reconnus("themes", lu.mots)
    if themes and (not d.get("theme") or fil.etape == THEME):
        d["theme"] = themes[0]
        compris = fil.etape == THEME
    lieu = lieux.lire(lu.texte, fil.antennes, attendu=False) if lu.texte else lieux.Lieu()
    if len(lieu.antennes) == 1:
        d.update(antenne=lieu.antennes[0], rencontre=None)
        compris = True
    if lu.moment:
        d.update(moment=en_donnees(lu.moment), rencontre=None)
        compris = True
    if fil.etape == DATE and (lu.autres or lu.quand_libre):
        d["suite"] = d.get("suite", 0) + MONTREES
        compris = True
    choisie = _parmi_les_montrees(fil, lu)
    if choisie is not None:
        d["rencontre"] = choisie
        compris = True
    if fil.etape == RECAP and not compris:
        if lu.oui:
            d["confirme"] = d.get("rencontre")
        elif lu.non:
            d["rencontre"] = None
        return lu.oui or lu.non
    return compris or lu.masque


def _parmi_les_montrees(fil: Fil, lu: Lu) -> Optional[int]:
    """« La première », « la dernière »; « oui » when there is only one."""
    montrees: list[int] = fil.donnees.get("montrees") or []
    if fil.etape != DATE or not montrees:
        return None
    if lu.oui and len(montrees) == 1 and not lu.moment:
        return montrees[0]
    rang = propositions.rang(lu.mots, len(montrees))
    return montrees[rang] if rang is not None else None


def appuyer(fil: Fil, charge: Mapping[str, Any]) -> bool:
    d = fil.donnees
    if "theme" in charge:
        d.update(theme=charge["theme"], tous=charge["theme"] is None)
    elif charge.get("rencontre"):
        d["rencontre"] = charge["rencontre"]
    elif charge.get("autres"):
        d["suite"] = d.get("suite", 0) + MONTREES
        d["rencontre"] = None
    elif charge.get("oui"):
        d["confirme"] = charge["oui"]
    else:
        return False
    return True


def suivre(fil: Fil) -> list[Dire]:
    """The next question, or the enrolment."""
    d = fil.donnees
    if d.get("confirme"):
        return _inscrire(fil, d.pop("confirme"))
    toutes = rencontres.a_venir(fil.session, fil.caisse.code, fil.tour.maintenant)
    if not toutes:
        fil.finir()
        texte = f"Aucune rencontre n'est prévue pour le moment. Un entretien répond aux mêmes questions, seul à seul.\n{fil.joindre()}"
        return [Dire(texte, "answer", [paroles.vers("prendre_rdv", "Prendre un rendez-vous")], donnees={"contact": True})]
    manque = _demander_theme(fil, toutes)
    if manque:
        return manque
    voulue = next((e for e in toutes if e.rencontre.id == d.get("rencontre")), None)
    if voulue is None:
        return _demander_date(fil, toutes)
    if not coordonnees.complete(fil, False):
        libre = paroles.places(voulue.restantes, voulue.en_attente)
        return coordonnees.demander(fil, False, f"{_titre(fil, voulue)} : {libre}. Qui dois-je inscrire ?")
    return _recapituler(fil, voulue)


def _demander_theme(fil: Fil, toutes: list[Etat]) -> Optional[list[Dire]]:
    d = fil.donnees
    themes = list(dict.fromkeys(e.rencontre.theme for e in toutes))
    if len(themes) == 1 or d.get("tous") or d.get("rencontre"):
        return None
    if d.get("theme") in themes:
        return None
    absent = "Rien n'est prévu sur ce thème en ce moment. " if d.pop("theme", None) else ""
    fil.etape = THEME
    return [Dire(f"{absent}Quel thème vous intéresse ?", "question",
                 [*(paroles.bouton(fil, libelle("themes", t), theme=t) for t in themes), paroles.bouton(fil, "Toutes les rencontres", theme=None)])]


def _demander_date(fil: Fil, toutes: list[Etat]) -> list[Dire]:
    """Three dates at a time; what was asked for first, else what there is, said so."""
    d = fil.donnees
    du_theme = [e for e in toutes if d.get("tous") or not d.get("theme") or e.rencontre.theme == d["theme"]] or toutes
    moment = de_donnees(d.get("moment"))
    a_l_endroit = [e for e in du_theme if not d.get("antenne") or e.rencontre.antenne_id == d["antenne"]]
    voulues = [e for e in a_l_endroit if choix.convient(_creneau(e.rencontre), moment)]
    rien = not voulues
    liste = voulues or du_theme
    debut = d.get("suite", 0) if d.get("suite", 0) < len(liste) else 0
    montrees = liste[debut:debut + MONTREES]
    d.update(montrees=[e.rencontre.id for e in montrees], suite=debut)
    fil.etape = DATE
    intro = "Je n'ai rien à cette date ou à cet endroit. Les prochaines rencontres :" if rien else \
        "Une rencontre est prévue :" if len(liste) == 1 else "Laquelle vous convient ?"
    lignes = [f"– {_titre(fil, e)}, {e.rencontre.lieu} : {paroles.places(e.restantes, e.en_attente)}." for e in montrees]
    boutons = [paroles.bouton(fil, paroles.majuscule(paroles.quand_rencontre(fil, e.rencontre)), rencontre=e.rencontre.id) for e in montrees]
    if len(liste) > MONTREES:
        boutons.append(paroles.bouton(fil, "D'autres dates", autres=True))
    return [Dire("\n".join([intro, *lignes]), "choices", boutons)]


def _creneau(r: Rencontre) -> Creneau:
    return Creneau(r.debut, r.fin, r.antenne_id, r.fuseau, 0)


def _titre(fil: Fil, e: Etat) -> str:
    return f"« {e.rencontre.titre} », {paroles.quand_rencontre(fil, e.rencontre)}"


def _recapituler(fil: Fil, e: Etat) -> list[Dire]:
    fil.etape = RECAP
    qui = coordonnees.au_nom_de(fil, entier=bool(fil.donnees.pop("par_formulaire", False)))
    inscrit = "Je vous inscris ?" if e.etat != "complete" else "Je vous inscris sur cette liste ? Nous vous préviendrons dès qu'une place se libère."
    lignes = [f"Je récapitule : {_titre(fil, e)}" + (f", {qui}." if qui else "."), f"Lieu : {e.rencontre.lieu}.",
              f"{paroles.majuscule(paroles.places(e.restantes, e.en_attente))}. {inscrit}"]
    return [Dire("\n".join(lignes), "recap", [
        paroles.bouton(fil, "Oui, inscrivez-moi" if e.etat != "complete" else "Oui, sur la liste d'attente", oui=e.rencontre.id),
        paroles.bouton(fil, "Une autre date", autres=True), paroles.bouton(fil, "Tout arrêter", stop=True)])]


def _inscrire(fil: Fil, rencontre_id: int) -> list[Dire]:
    if rencontre_id != fil.donnees.get("rencontre") or not coordonnees.complete(fil, False):
        return suivre(fil)
    r = rencontres.rencontre(fil.session, fil.caisse.code, rencontre_id)
    try:
        i = rencontres.inscrire(fil.session, r, coordonnees.personne(fil), ASSURE_CHAT, fil.tour.maintenant)
    except (InscriptionsCloses, RencontreFigee) as e:
        fil.refuser(e)
        fil.donnees["rencontre"] = None
        return suivre(fil)
    except (NomManquant, TelephoneManquant, CourrielInvalide) as e:
        fil.refuser(e)
        return coordonnees.demander(fil, False, "Corrigez vos coordonnées.")
    return _fini(fil, r, i)


def redire(fil: Fil) -> list[Dire]:
    """The inscription once more, with the same code: nothing is done."""
    i = fil.session.get_one(Inscription, fil.donnees["id"])
    return _fini(fil, fil.session.get_one(Rencontre, i.rencontre_id), i)


def _fini(fil: Fil, r: Rencontre, i: Inscription) -> list[Dire]:
    rang = rencontres.rang_de(fil.session, i)
    quand = paroles.quand_rencontre(fil, r)
    if rang is None:
        debut = f"Votre place est réservée : {quand}, {r.lieu}."
        suite = "votre inscription, pour la revoir ou laisser votre place"
    else:
        debut = f"Vous êtes sur la liste d'attente de la rencontre du {quand}, au rang {rang}. Une place libérée vous est gardée 48 heures."
        suite = "votre inscription, pour la revoir ou quitter la liste"
    reprises.fait(fil, "inscription", i.id, jeton=True)
    return [Dire(f"{debut}\n{paroles.garder_code(fil.session, i, suite)}", "confirmation", [paroles.defaire(fil, "inscription", i.id)],
                 donnees={"code": i.code, "debut": paroles.iso(r.debut, r.fuseau), "fuseau": r.fuseau, "rang": rang,
                          "ics": paroles.lien_ics(fil.session, i)})]
