"""Who books: the native forms, what they must hold, and how a person typed in a form meets her row of the population.

What is typed there goes from the page to the draft's `prive`; the engine sees none of it.
"""
from typing import Any, Collection, Mapping, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import identite
from bot.agenda.dialogue.fil import Fil
from bot.agenda.identite import Personne, lettres
from bot.agenda.refus import CourrielInvalide, NomManquant, TelephoneManquant
from bot.contacts.flux import Dire
from bot.contacts.tables import Assure
from bot.texte.normalisation import cle

IDENTITE, CODE, ADRESSE = "rdv_identite", "rdv_code", "guide_adresse"
ETAPE, ADRESSE_ETAPE = "identite", "adresse"
CHAMPS = ("nom", "prenom", "telephone", "courriel", "code_postal")
JOINDRE = "Indiquez un téléphone ou un courriel, pour vous prévenir si quelque chose change."
# Letters of a surname: « Ly », « Bo », « Ng » are names.
NOM_MIN = 2


def _champ(nom: str, libelle: str, autocomplete: str, **reste: Any) -> dict[str, Any]:
    return {"name": nom, "label": libelle, "autocomplete": autocomplete, **reste}


def formulaire(telephone_exige: bool, connus: Collection[str] = ()) -> dict[str, Any]:
    """The identity form, without what is known already. By telephone the number is required; otherwise a number or an address."""
    aide = "Le conseiller vous appellera à ce numéro." if telephone_exige else "Un téléphone ou un courriel suffit."
    champs = [
        _champ("nom", "Nom", "family-name", max_length=80), _champ("prenom", "Prénom", "given-name", max_length=80),
        _champ("telephone", "Téléphone", "tel", type="tel", required=telephone_exige, max_length=25, help=aide),
        _champ("courriel", "Courriel", "email", type="email", required=False),
        _champ("code_postal", "Code postal", "postal-code", required=False, max_length=5,
               help="Il aide votre caisse à retrouver votre dossier.")]
    return {"id": IDENTITE, "submit": "Continuer", "sent": "Coordonnées envoyées", "fields": [c for c in champs if c["name"] not in connus]}


def formulaire_code(code_connu: bool = False) -> dict[str, Any]:
    """The form that opens a booking."""
    code = _champ("code", "Code du rendez-vous", "off", max_length=12, help="Huit lettres et chiffres, donnés à la réservation.")
    nom = _champ("nom", "Votre nom, ou ses trois premières lettres", "family-name", max_length=80)
    return {"id": CODE, "submit": "Continuer", "sent": "Nom envoyé" if code_connu else "Code envoyé", "fields": [nom] if code_connu else [code, nom]}


def formulaire_adresse() -> dict[str, Any]:
    """Where a guide is sent."""
    return {"id": ADRESSE, "submit": "Commander", "sent": "Adresse envoyée", "fields": [
        _champ("nom", "Nom", "family-name", max_length=80), _champ("prenom", "Prénom", "given-name", max_length=80),
        _champ("adresse", "Numéro et rue", "address-line1", max_length=120),
        _champ("complement", "Complément", "address-line2", required=False, max_length=120),
        _champ("code_postal", "Code postal", "postal-code", max_length=5), _champ("ville", "Ville", "address-level2", max_length=80)]}


def erreurs(valeurs: Mapping[str, str], telephone_exige: bool) -> dict[str, str]:
    """What is wrong in a filled identity form, by field: the sentences of the services' own refusals."""
    faux: dict[str, str] = {}
    if len(lettres(valeurs.get("nom", ""))) < NOM_MIN:
        faux["nom"] = NomManquant.message
    telephone = valeurs.get("telephone", "")
    if (telephone or telephone_exige) and identite.telephone(telephone) is None:
        faux["telephone"] = TelephoneManquant.message if telephone_exige else TelephoneManquant.message.split(" : ", 1)[1].capitalize()
    elif not telephone and not valeurs.get("courriel"):
        faux["telephone"] = JOINDRE
    try:
        identite.verifier(Personne("aaa", None, None, valeurs.get("courriel")), telephone_exige=False)
    except CourrielInvalide as e:
        faux["courriel"] = e.message
    return faux | _code_postal(valeurs, exige=False)


def erreurs_adresse(valeurs: Mapping[str, str]) -> dict[str, str]:
    """What is wrong in a postal address."""
    return _code_postal(valeurs, exige=True)


def _code_postal(valeurs: Mapping[str, str], exige: bool) -> dict[str, str]:
    code = valeurs.get("code_postal", "")
    juste = len(code) == 5 and (code.isdigit() or (code[:2].upper() in ("2A", "2B") and code[2:].isdigit()))
    return {} if juste or (not code and not exige) else {"code_postal": "Écrivez un code postal de cinq chiffres, par exemple 33000."}


def reunir(fil: Fil, valeurs: Mapping[str, str]) -> dict[str, str]:
    """The values of a form with what was known before; an invited person's name is in her file."""
    connu = {"nom": "connu"} if fil.prive.get("assure_id") is not None else {}
    return {**connu, **{c: fil.prive[c] for c in CHAMPS if fil.prive.get(c)}, **valeurs}


def recevoir(fil: Fil, valeurs: Mapping[str, str]) -> None:
    """Values of the form, or typed in the chat: what is given replaces what was known. A new person is met again in the population."""
    donnees = {c: valeurs[c] for c in CHAMPS if valeurs.get(c)}
    if "telephone" in donnees:
        donnees["telephone"] = identite.telephone(donnees["telephone"]) or donnees["telephone"]
    fil.prive.update(donnees)


def complete(fil: Fil, telephone_exige: bool) -> bool:
    """Whether enough is known to book."""
    connu = fil.prive.get("assure_id") is not None
    if not connu and len(lettres(fil.prive.get("nom", ""))) < NOM_MIN:
        return False
    if telephone_exige:
        return numero(fil) is not None
    return connu or numero(fil) is not None or bool(fil.prive.get("courriel"))


def numero(fil: Fil) -> Optional[str]:
    """The number to call: the one given, else the one of an invited person's file."""
    donne = identite.telephone(fil.prive.get("telephone"))
    if donne is None and fil.prive.get("assure_id") is not None:
        donne = identite.telephone(fil.session.get_one(Assure, fil.prive["assure_id"]).telephone)
    return donne


def question(fil: Fil, telephone_exige: bool) -> str:
    """What is still missing, in a sentence."""
    nomme = bool(fil.prive.get("nom")) or fil.prive.get("assure_id") is not None
    if telephone_exige:
        return "À quel numéro vous appeler ?" if nomme else "À quel nom ?" if numero(fil) else "À quel nom, et à quel numéro vous appeler ?"
    return "Où vous prévenir si quelque chose change : un téléphone ou un courriel ?" if nomme else "À quel nom ?"


def demander(fil: Fil, telephone_exige: bool, texte: str) -> list[Dire]:
    """The identity form, with what it serves."""
    fil.etape = ETAPE
    fil.donnees["telephone_exige"] = telephone_exige
    connus = {c for c in CHAMPS if fil.prive.get(c)} | ({"nom", "prenom", "code_postal"} if fil.prive.get("assure_id") is not None else set())
    return [Dire(texte, "form", formulaire=formulaire(telephone_exige, connus))]


def personne(fil: Fil) -> Personne:
    """Who the booking is for, as the services take it."""
    p = fil.prive
    return Personne(p.get("nom"), p.get("prenom"), p.get("telephone"), p.get("courriel"), p.get("assure_id"))


def reconnaitre(session: Session, caisse_code: str, prive: Mapping[str, Any]) -> Optional[Assure]:
    """The one row of the population that has this name, first name, postcode, and this number or address; None when none or several do.

    Five facts together: nobody is tied to another's file by a namesake, and nothing of the file is ever said.
    """
    if not all(prive.get(c) for c in ("nom", "prenom", "code_postal")):
        return None
    memes = [a for a in session.scalars(select(Assure).where(Assure.caisse_code == caisse_code, Assure.code_postal == prive["code_postal"]))
             if (cle(a.nom), cle(a.prenom)) == (cle(prive["nom"]), cle(prive["prenom"])) and _memes_moyens(a, prive)]
    return memes[0] if len(memes) == 1 else None


def _memes_moyens(a: Assure, prive: Mapping[str, Any]) -> bool:
    numero = identite.telephone(prive.get("telephone"))
    courriel = (prive.get("courriel") or "").lower()
    return bool((numero and identite.telephone(a.telephone) == numero) or (courriel and (a.courriel or "").lower() == courriel))


def au_nom_de(fil: Fil, *, entier: bool) -> Optional[str]:
    """Whose booking it is, for a summary: in full only where the engine does not see it."""
    p = fil.prive
    if not p.get("nom"):
        return None
    if entier:
        return f"au nom de {' '.join(x for x in (p.get('prenom'), p['nom']) if x)}"
    return f"au nom qui commence par {lettres(p['nom']).upper()}"
