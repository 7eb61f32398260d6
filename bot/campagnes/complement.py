"""What a caisse adds to the socle: own actions, objectives, priorities, adapted tools. It adds, it never weakens (R19, R54): each way of
weakening has its refusal, said with its reason.
"""
from datetime import datetime
from pathlib import Path
from typing import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.campagnes.kit import ADAPTABLES, adapter
from bot.campagnes.schema import ActionLocale, AjoutCible, Campagne, Complement, charger
from bot.campagnes.schema import Cible as ModeleCible
from bot.campagnes.socle import a_relire, poser_action
from bot.contacts.campagne import CaisseHorsSocle
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse, Cible, Socle
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.verification import Defaut

PREFIXE_LOCAL = "L-"


class ComplementRefuse(Refus):
    """A complement that would weaken the socle. `ou`: where in the file; `message`: why, and what to do instead."""

    code, statut = "COMPLEMENT_REFUSE", 422

    def __init__(self, ou: str, **valeurs: object):
        super().__init__(f"{ou} : {self.message.format(**valeurs)}")
        self.ou = ou


class CibleRetiree(ComplementRefuse):
    code = "SOCLE_CIBLE_RETIREE"
    message = "une cible du socle ne se retire pas. Laissez-la ; si elle n'est pas réalisée, le bilan dira pourquoi."


class CibleInconnue(ComplementRefuse):
    code = "SOCLE_CIBLE_INCONNUE"
    message = "ce n'est pas une cible du socle. Écrivez-la sous « actions », avec un code qui commence par « L- »."


class GenreChange(ComplementRefuse):
    code = "SOCLE_GENRE_CHANGE"
    message = "le type de contact du socle est « {attendu} » et ne change pas. Faites-en une action locale."


class CriteresRestreints(ComplementRefuse):
    code = "SOCLE_CRITERES_RESTREINTS"
    message = "le critère « {critere} » écarte des personnes que le socle demande de contacter. Retirez-le, ou donnez-leur une priorité."


class CriteresElargis(ComplementRefuse):
    code = "SOCLE_CRITERES_ELARGIS"
    message = "le critère « {critere} » compterait dans le socle des personnes qui n'y sont pas. Faites-en une action locale."


class FenetreReduite(ComplementRefuse):
    code = "SOCLE_FENETRE_REDUITE"
    message = "la campagne du socle va du {du} au {au} et ne se raccourcit pas. Retirez « calendrier »."


class FenetreEtendue(ComplementRefuse):
    code = "SOCLE_FENETRE_ETENDUE"
    message = "la campagne du socle va du {du} au {au} ; ce qui se fait hors de ces dates est une action locale."


class ModaliteChangee(ComplementRefuse):
    code = "SOCLE_MODALITE_CHANGEE"
    message = "les formes du socle sont : {attendues}. Elles restent toutes offertes, et aucune autre n'y compte. Retirez « formes »."


class ContenuRetire(ComplementRefuse):
    code = "SOCLE_CONTENU_RETIRE"
    message = "le contenu « {module} » est dû à chaque contact de cette cible. Remettez-le ; pour en ajouter, utilisez « contenu_ajoute »."


class OutilRetire(ComplementRefuse):
    code = "SOCLE_OUTIL_RETIRE"
    message = "l'outil « {outil} » du socle ne se retire pas. Remettez-le dans la liste, ou retirez « outils »."


class PrioriteChangee(ComplementRefuse):
    code = "SOCLE_PRIORITE_CHANGEE"
    message = "la priorité « {priorite} » est nationale et passe en premier. Donnez un autre code à la vôtre : elle viendra après."


class CodeModuleReserve(ComplementRefuse):
    code = "SOCLE_CODE_MODULE"
    message = "le code « {module} » est celui d'un contenu du socle. Choisissez-en un qui commence par « L- »."


class SousActionInconnue(ComplementRefuse):
    code = "SOCLE_SOUS_ACTION_INCONNUE"
    message = "« {sous_action} » n'est pas une sous-action de cette cible. Faites-en une action locale."


class CaseDuSocle(ComplementRefuse):
    code = "SOCLE_CASE_REMPLIE"
    message = "une action locale ne remplit jamais une case du socle. Écrivez « perimetre: local », ou retirez la ligne."


class CodeDuSocle(ComplementRefuse):
    code = "SOCLE_CODE_RESERVE"
    message = "ce code appartient au socle. Donnez à votre action un code qui commence par « L- »."


class CodeLocalMalForme(ComplementRefuse):
    code = "CODE_LOCAL_MAL_FORME"
    message = "le code d'une action locale commence par « L- », pour qu'aucun bilan ne la confonde avec le socle."


class CodeLocalDouble(ComplementRefuse):
    code = "CODE_LOCAL_DOUBLE"
    message = "ce code est écrit deux fois. Donnez un code à chaque action."


class OutilVerrouille(ComplementRefuse):
    code = "OUTIL_VERROUILLE"
    message = "cet outil est commun à toutes les caisses et ne s'adapte pas. Seuls s'adaptent : {adaptables}."


class AdaptationAbsente(ComplementRefuse):
    code = "ADAPTATION_ABSENTE"
    message = "le fichier « {fichier} » n'est pas à côté du complément. Ajoutez-le, ou retirez la ligne."


class AutreSocle(ComplementRefuse):
    code = "COMPLEMENT_AUTRE_SOCLE"
    message = ("ce complément est écrit pour le socle {ecrit}, et l'année {annee} est au socle {attendu}. "
               "Relisez-le, puis corrigez « socle » et « annee ».")


# -- rules -----------------------------------------------------------------------------------------------------------------------------------


def affaiblissements(campagne: Campagne, complement: Complement, dossier: Path) -> Iterator[ComplementRefuse]:
    """Every refusal a complement deserves, as values. `dossier` holds the texts of its adapted tools."""
    if complement.annee != campagne.annee or complement.socle != campagne.version:
        yield AutreSocle("socle", ecrit=complement.socle, annee=campagne.annee, attendu=campagne.version)
    for code, ajout in complement.cibles.items():
        cible = campagne.cible(code)
        if cible is None:
            yield CibleInconnue(f"cibles › {code}")
        else:
            yield from _sur_une_cible(cible, ajout, f"cibles › {code}")
    yield from _actions_locales(campagne, complement.actions)
    for outil, adapte in complement.outils.items():
        if outil not in ADAPTABLES:
            yield OutilVerrouille(f"outils › {outil}", adaptables=", ".join(ADAPTABLES))
        elif not (dossier / adapte.fichier).is_file() or (dossier / adapte.fichier).resolve().parent != dossier.resolve():
            yield AdaptationAbsente(f"outils › {outil}", fichier=adapte.fichier)


def _sur_une_cible(cible: ModeleCible, ajout: AjoutCible, ou: str) -> Iterator[ComplementRefuse]:
    if ajout.retirer:
        yield CibleRetiree(f"{ou} › retirer")
    if ajout.genre not in (None, cible.genre):
        yield GenreChange(f"{ou} › genre", attendu=cible.genre)
    yield from _criteres(cible, ajout, f"{ou} › criteres")
    yield from _fenetre(cible, ajout, f"{ou} › calendrier")
    if ajout.formes is not None and set(ajout.formes) != set(cible.formes):
        yield ModaliteChangee(f"{ou} › formes", attendues=", ".join(cible.formes))
    yield from _contenu_et_outils(cible, ajout, ou)
    nationales = {p.code for p in cible.priorites}
    for priorite in ajout.priorites:
        if priorite.code in nationales:
            yield PrioriteChangee(f"{ou} › priorites", priorite=priorite.code)
    connues = {s.code for s in cible.sous_actions}
    for sous in ajout.sous_actions:
        if sous not in connues:
            yield SousActionInconnue(f"{ou} › sous_actions", sous_action=sous)


def _criteres(cible: ModeleCible, ajout: AjoutCible, ou: str) -> Iterator[ComplementRefuse]:
    """A criterion the socle does not have, or a shorter list, leaves people out; a longer list lets in people the socle does not count."""
    if ajout.criteres is None:
        return
    ecrits = ajout.criteres.model_dump(exclude_unset=True, exclude={"a_relire"}, mode="json")
    demandes = cible.criteres.model_dump(exclude={"a_relire"}, mode="json")
    for nom, ecrit in ecrits.items():
        demande = demandes[nom]
        if ecrit == demande or (isinstance(ecrit, list) and isinstance(demande, list) and set(ecrit) == set(demande)):
            continue
        if ecrit is None or (isinstance(ecrit, list) and isinstance(demande, list) and set(ecrit) > set(demande)):
            yield CriteresElargis(ou, critere=nom)
        else:
            yield CriteresRestreints(ou, critere=nom)


def _fenetre(cible: ModeleCible, ajout: AjoutCible, ou: str) -> Iterator[ComplementRefuse]:
    sienne, voulue = cible.calendrier, ajout.calendrier
    if voulue is None:
        return
    dates = {"du": f"{sienne.du:%d/%m/%Y}", "au": f"{sienne.au:%d/%m/%Y}"}
    if voulue.du > sienne.du or voulue.au < sienne.au:
        yield FenetreReduite(ou, **dates)
    elif voulue.du < sienne.du or voulue.au > sienne.au:
        yield FenetreEtendue(ou, **dates)


def _contenu_et_outils(cible: ModeleCible, ajout: AjoutCible, ou: str) -> Iterator[ComplementRefuse]:
    modules = {m.code for m in cible.contenu}
    for module in sorted(modules - set(ajout.contenu if ajout.contenu is not None else modules)):
        yield ContenuRetire(f"{ou} › contenu", module=module)
    for ajoute in ajout.contenu_ajoute:
        if not ajoute.code.startswith(PREFIXE_LOCAL):
            yield CodeModuleReserve(f"{ou} › contenu_ajoute", module=ajoute.code)
    for outil in sorted(set(cible.outils) - set(ajout.outils if ajout.outils is not None else cible.outils)):
        yield OutilRetire(f"{ou} › outils", outil=outil)


def _actions_locales(campagne: Campagne, actions: list[ActionLocale]) -> Iterator[ComplementRefuse]:
    reserves = {c.code for c in campagne.cibles} | {s.code for c in campagne.cibles for s in c.sous_actions}
    codes = [a.code for a in actions]
    for action in actions:
        ou = f"actions › {action.code}"
        if action.perimetre == "socle":
            yield CaseDuSocle(f"{ou} › perimetre")
        if action.code in reserves:
            yield CodeDuSocle(f"{ou} › code")
        elif not action.code.startswith(PREFIXE_LOCAL):
            yield CodeLocalMalForme(f"{ou} › code")
        if codes.count(action.code) > 1:
            yield CodeLocalDouble(f"{ou} › code")


# -- files and installation ---------------------------------------------------------------------------------------------------------------------


def fichiers(annee: int, dossier: Path = KNOWLEDGE) -> list[Path]:
    """The complements of a year: knowledge/campagnes/<year>/<caisse>.yml."""
    return sorted((dossier / "campagnes" / str(annee)).glob("*.yml"))


def lire_complement(fichier: Path) -> Complement:
    """Raises ErreurConnaissance, CampagneInvalide."""
    return charger(fichier, Complement)


def verifier_complements(campagne: Campagne, dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """Faults of the complements of a campaign, for `conseil check`."""
    defauts: list[Defaut] = []
    for fichier in fichiers(campagne.annee, dossier):
        lieu = f"campagnes/{campagne.annee}/{fichier.name}"
        try:
            complement = lire_complement(fichier)
        except ErreurConnaissance as e:
            defauts += [Defaut(e.code, lieu, ligne) for ligne in str(e).splitlines()]
            continue
        if complement.caisse != fichier.stem:
            defauts.append(Defaut("COMPLEMENT_MAL_NOMME", lieu, f"le fichier de « {complement.caisse} » s'appelle {complement.caisse}.yml."))
        defauts += [Defaut(r.code, lieu, r.message) for r in affaiblissements(campagne, complement, fichier.parent)]
        defauts += [Defaut("CAMPAGNE_A_RELIRE", lieu, f"{ou} : encore à relire.") for ou in a_relire(complement)]
    return defauts


def installer_complements(session: Session, socle: Socle, campagne: Campagne, maintenant: datetime, dossier: Path = KNOWLEDGE) -> None:
    """The complements of caisses that are in the database; others wait for theirs."""
    for fichier in fichiers(campagne.annee, dossier):
        complement = lire_complement(fichier)
        if session.get(Caisse, complement.caisse) is not None:
            installer_complement(session, socle, campagne, complement, fichier.parent, maintenant)


def installer_complement(session: Session, socle: Socle, campagne: Campagne, complement: Complement, dossier: Path, maintenant: datetime) -> None:
    """One caisse's complement. Raises the first ComplementRefuse, or CaisseHorsSocle for a caisse of professions libérales (R18)."""
    for refus in affaiblissements(campagne, complement, dossier):
        raise refus
    caisse = session.get_one(Caisse, complement.caisse)
    if caisse.genre != "regionale":
        raise CaisseHorsSocle
    for code, ajout in complement.cibles.items():
        cible = session.scalars(select(Cible).where(Cible.socle_id == socle.id, Cible.code == code, Cible.caisse_code.is_(None))).one()
        poser_action(session, cible, caisse_code=caisse.code, code=code, titre=cible.titre, annee=campagne.annee, maintenant=maintenant,
                     objectif=ajout.objectif)
        for sous in (s for c in campagne.cibles if c.code == code for s in c.sous_actions if s.code in ajout.sous_actions):
            poser_action(session, cible, caisse_code=caisse.code, code=sous.code, titre=sous.titre, annee=campagne.annee, maintenant=maintenant)
    for locale in complement.actions:
        poser_action(session, _cible_locale(session, socle, caisse.code, locale), caisse_code=caisse.code, code=locale.code, titre=locale.titre,
                     annee=campagne.annee, maintenant=maintenant, objectif=locale.objectif)
    _adapter_outils(session, complement, dossier, maintenant)


def _cible_locale(session: Session, socle: Socle, caisse_code: str, locale: ActionLocale) -> Cible:
    cible = session.scalar(select(Cible).where(Cible.socle_id == socle.id, Cible.code == locale.code, Cible.caisse_code == caisse_code))
    if cible is None:
        cible = Cible(socle_id=socle.id, code=locale.code, perimetre="local", caisse_code=caisse_code, genre=locale.genre, titre=locale.titre,
                      du=locale.calendrier.du, au=locale.calendrier.au)
        session.add(cible)
    cible.titre, cible.du, cible.au = locale.titre, locale.calendrier.du, locale.calendrier.au
    session.flush()
    return cible


def _adapter_outils(session: Session, complement: Complement, dossier: Path, maintenant: datetime) -> None:
    for outil, adapte in complement.outils.items():
        adapter(session, caisse_code=complement.caisse, outil_code=outil, contenu=(dossier / adapte.fichier).read_text(encoding="utf-8"),
                prise_en_main=adapte.prise_en_main, maintenant=maintenant)
