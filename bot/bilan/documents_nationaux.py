"""What the bilan national says: its eleven sections (§4b), from the content of an edition alone, internal or public alike.

In a public edition hidden cells read « s » everywhere: they are hidden in the content itself, so in every table, chart and attached file.
"""
import unicodedata
from typing import Any, Mapping, Optional, Sequence

from bot.bilan import graphiques
from bot.bilan.codes import EFFETS, FICTIVES, MENTION, SOCLE, SPONTANES, STATUTS, VOLUMES
from bot.bilan.pieces import ABSENT, CACHE, Bloc, Document, Figure, Liste, Part, Section, Tableau, Texte
from bot.bilan.regional import COURTS, bornes, versionne
from bot.enquete.statistiques import COUVERTURE_MIN
from bot.texte.typographie import nombre, quantite

COLLECTIVES = ("AE", "RCS")
GROUPES_MODES = (("chatbot", "web"), ("telephone", "papier"))
ETATS_RECEPTION = {"recu": "reçu", "hors_delai": "reçu hors délai", "refuse": "refusé", "manquant": "manquant"}
BUTS = {"politique_nationale": "Une politique de contact nationale", "communication_relayee": "Une communication nationale, relayée localement",
        "ressources": "Des ressources allouées aux priorités", "effets": "Les effets de chaque action", "outils": "Des outils partagés"}


def document(contenu: Mapping[str, Any], campagne: Mapping[str, Any], numero: int, date: str,
             changements: Sequence[Mapping[str, Any]] = ()) -> Document:
    """The whole bilan national; `date`: the day written in the files (the deadline's, so that it does not depend on when it is printed)."""
    perimetre = contenu["perimetre"]
    partiel = perimetre["comptes"]["recu"] + perimetre["comptes"]["hors_delai"] < COUVERTURE_MIN * perimetre["attendues"]
    publique = contenu.get("edition") == "publique"
    sous_titre = f"Édition {'publique' if publique else 'interne'} n° {numero}" + (", erratum" if contenu["erratum"] else "")
    identite = [("Exercice", str(contenu["exercice"])), ("Caisses prises en compte", f"{len(contenu['fichiers'])} sur {perimetre['attendues']}"),
                ("Socle", f"{contenu['socle']['id']}, version {contenu['socle']['version']}"), ("Registre", contenu["registre"]),
                ("Signature", "Le Directeur général")]
    sections = [_perimetre(contenu), _chiffres(contenu), _buts(contenu, campagne), _cibles(contenu), _carte(contenu), _satisfaction(contenu),
                _locales(contenu), _difficultes(contenu, campagne), _cog(contenu), _enseignements(contenu, campagne), _methode(contenu, changements)]
    titre = f"Bilan national {contenu['exercice']} de la politique de contact" + (" — résultat partiel" if partiel else "")
    return Document(titre, sous_titre, identite, [MENTION, *([FICTIVES] if contenu.get("fictif") else [])], sections, date)


def part(dix_mille: Any) -> Any:
    """A share kept as a whole number out of ten thousand; « s » stays « s »."""
    return dix_mille if dix_mille == CACHE else Part(dix_mille / 10_000 if dix_mille is not None else None)


def _perimetre(c: Mapping[str, Any]) -> Section:
    p = c["perimetre"]
    comptes = p["comptes"]
    phrase = (f"{quantite(p['attendues'], 'caisse attendue', 'caisses attendues')} : {nombre(comptes['recu'])} à l'heure, "
              f"{nombre(comptes['hors_delai'])} hors délai, {quantite(comptes['refuse'], 'refusée')}, {quantite(comptes['manquant'], 'manquante')}.")
    lignes = [[ligne["nom"], ETATS_RECEPTION[ligne["etat"]], ligne["sequence"], (ligne["sha256"] or "")[:16] or None, _ecartes(ligne["ecartes"])]
              for ligne in sorted(p["lignes"], key=lambda li: alphabetique(li["nom"]))]
    return Section("Périmètre", [Texte(phrase), Texte("Une caisse manquante n'est pas un zéro : rien n'est estimé à sa place.", "note"),
                                 Tableau("N1", "Fichiers pris en compte", ("Caisse", "Réception", "Numéro", "Empreinte", "Parts écartées"), lignes)])


def _ecartes(ecartes: Mapping[str, Any]) -> str:
    parts = ["bloc d'enquête"] if ecartes.get("enquete") else []
    return ", ".join([*parts, *(f"question {q}" for q in ecartes.get("questions", ()))])


def _chiffres(c: Mapping[str, Any]) -> Section:
    lignes = []
    for code in SOCLE:
        t = c["totaux"].get(code, {})
        q1 = c["enquete"].get(code, {}).get("questions", {}).get("Q1")
        taux = Part(None) if not q1 else CACHE if q1 == CACHE else Part(None) if q1["partielle"] else part(q1["taux"])
        actives = sum(s[code] in ("realisee", "partielle") for s in c["statuts"].values())
        lignes.append([COURTS[code], t.get("volumes", {}).get("realises", 0), t.get("participants"), taux,
                       part(q1["couverture"]) if isinstance(q1, dict) else None, actives])
    note = "Part couverte : part des contacts à enquêter que l'estimation couvre. En dessous de 90 %, aucun taux national n'est donné ici."
    return Section("Chiffres clés", [Tableau("N2", "Les quatre cibles", ("Cible", "Réalisés", "Participants", "Satisfaits (pondéré)", "Part couverte",
                                             "Caisses actives"), lignes, note), *_comparaison(c)])


def _comparaison(c: Mapping[str, Any]) -> list[Bloc]:
    if not c["comparaison"]:
        return [Texte("Pas d'exercice précédent à comparer.", "note")]
    lignes = [[COURTS[code], li["n_1"], li["n"], "rupture de série" if li["rupture"] else ""] for code, li in c["comparaison"]["cibles"].items()]
    return [Tableau("N3", f"Comparaison avec {c['comparaison']['exercice']} ({c['comparaison']['caisses_n_1']} caisses alors)",
                    ("Cible", "N-1", "N", "Remarque"), lignes)]


def _buts(c: Mapping[str, Any], campagne: Mapping[str, Any]) -> Section:
    o = c["objectifs"]
    menees, attendues = o["politique_nationale"]["cibles_menees"], o["politique_nationale"]["cibles_attendues"]
    effets = [[COURTS.get(code, code.capitalize()), *(e.get(x, 0) for x in EFFETS)] for code, e in o["effets"].items()]
    programmes = [f"{campagne.get('programmes', {}).get(p, p)} : {', '.join(COURTS.get(x, x) for x in cibles) or 'aucune cible'}."
                  for p, cibles in o["programmes"].items()]
    outils = [f"{versionne(k)} ({quantite(n, 'caisse')})" for k, n in o["outils"].items()]
    return Section("Les cinq objectifs", [Liste([
        f"{BUTS['politique_nationale']} : {quantite(menees, 'cible menée', 'cibles menées')} sur {nombre(attendues)} attendues des caisses reçues.",
        f"{BUTS['communication_relayee']} : {quantite(o['communication_relayee']['supports'], 'support envoyé', 'supports envoyés')}, "
        f"{quantite(o['communication_relayee']['manifestations'], 'rencontre')} lors de manifestations partenaires.",
        f"{BUTS['ressources']} : {quantite(o['ressources']['agents'], 'agent')} et {quantite(o['ressources']['heures'], 'heure')}, dits par "
        f"{quantite(o['ressources']['caisses'], 'caisse')}.",
        f"{BUTS['outils']} : {', '.join(outils) or 'aucun outil enregistré'}."]),
        Tableau("N4", BUTS["effets"], ("Cible", *(v.capitalize() for v in EFFETS.values())), effets), Liste(programmes)])


def _cibles(c: Mapping[str, Any]) -> Section:
    entonnoir = Tableau("N5", "Totaux nationaux", ("Cible", *(v.capitalize() for v in VOLUMES.values()), "Participants"),
                        [[COURTS[code], *(None if code in COLLECTIVES and v in ("joints", "refus", "absents")
                                          else c["totaux"].get(code, {}).get("volumes", {}).get(v, 0) for v in VOLUMES),
                          c["totaux"].get(code, {}).get("participants")] for code in SOCLE],
                        "Créateurs : invités = courriers partis, absents = plis revenus. Rencontres : réalisés = tenues ; « – » : sans objet.")
    return Section("Cible par cible", [entonnoir], [_cible(c, code) for code in SOCLE])


def _cible(c: Mapping[str, Any], code: str) -> Section:
    dispersion = [[{"realises": "Réalisés", "invites": "Invités", "participants": "Participants"}[m], d["caisses"], d["min"], d["q1"], d["mediane"],
                   d["q3"], d["max"]] for m, d in c["dispersion"].get(code, {}).items()]
    lignes = []
    for ligne in c["perimetre"]["lignes"]:
        f = c["caisses"].get(ligne["caisse"], {}).get(code)
        if f is None:
            lignes.append([ligne["nom"], "manquant", *[None] * 6])
            continue
        v = f.get("volumes") or {}
        lignes.append([ligne["nom"], STATUTS.get(f["statut"], f["statut"]), *(v.get(n, 0) for n in ("requete", "invites", "realises")),
                       f.get("participants"), f.get("sous_cibles", {}).get("carriere_incomplete", 0) if v else 0,
                       f.get("effets", {}).get("oriente_recouvrement", 0) if v else 0])
    return Section(COURTS[code], [
        Tableau(f"N6 {COURTS[code]}", "Dispersion entre les caisses actives", ("Mesure", "Caisses", "Minimum", "1er quartile", "Médiane",
                "3e quartile", "Maximum"), dispersion),
        Tableau(f"N7 {COURTS[code]}", "Par caisse (ordre alphabétique, sans classement)",
                *_utiles(("Caisse", "Statut", "Demandés", "Invités", "Réalisés", "Participants", "Carrière incomplète", "Vers le recouvrement"),
                         sorted(lignes, key=lambda li: alphabetique(li[0]))),
                "« s » : masqué par le secret statistique. « – » : bilan non reçu ou sans objet.")])


def _utiles(colonnes: Sequence[str], lignes: Sequence[Sequence[Any]]) -> tuple[list[str], list[list[Any]]]:
    """A table by caisse without the columns that say nothing of this cible (participants of a letter…); what is asked and done always stays."""
    gardees = [j for j, nom in enumerate(colonnes) if nom in ("Caisse", "Statut", "Demandés", "Réalisés") or any(ligne[j] for ligne in lignes)]
    return [colonnes[j] for j in gardees], [[ligne[j] for j in gardees] for ligne in lignes]


def alphabetique(nom: Any) -> str:
    """A name as one looks it up: « Île-de-France » is at I."""
    return "".join(x for x in unicodedata.normalize("NFD", str(nom)) if not unicodedata.combining(x)).casefold()


def _carte(c: Mapping[str, Any]) -> Section:
    lignes = [(ligne["nom"], [c["statuts"].get(ligne["caisse"], {}).get(code, "manquant") for code in SOCLE])
              for ligne in sorted(c["perimetre"]["lignes"], key=lambda li: alphabetique(li["nom"]))]
    mots = {**STATUTS, "manquant": "bilan non reçu", "absent": ABSENT}
    donnees = Tableau("N8", "Statut de chaque cible, par caisse", ("Caisse", *(COURTS[x] for x in SOCLE)),
                      [[n, *(mots[s] for s in st)] for n, st in lignes])
    non_faites = sum(s == "non_realisee" for _, st in lignes for s in st)
    return Section("Carte des statuts", [Figure(
        "N8", "Statut par caisse et par cible (R réalisée, P partielle, N non réalisée, – non reçu)",
        graphiques.carte(lignes, [COURTS[x] for x in SOCLE]), "Grille des caisses et des quatre cibles, selon le statut et non selon un taux ; "
        f"{quantite(non_faites, 'case non réalisée', 'cases non réalisées')}.",
        donnees)])


def _satisfaction(c: Mapping[str, Any]) -> Section:
    lignes, figures, modes = [], [], []
    for code in (*SOCLE, SPONTANES):
        e = c["enquete"].get(code)
        if not e:
            continue
        for question, q in sorted(e["questions"].items(), key=lambda x: (x[0][0] != "Q", x[0][0], int(x[0][1:]))):
            nom = f"{COURTS[code]} — {question}"
            if q == CACHE:
                lignes.append([nom, CACHE, CACHE, CACHE, None])
                continue
            lignes.append([nom, part(q["taux"]), bornes(q["bas"] / 100, q["haut"] / 100), part(q["couverture"]),
                           "résultat partiel" if q["partielle"] else ""])
        total = c["totaux"].get(code, {}).get("enquete", {})
        modes.append([COURTS[code], e["caisses"], *(total.get(n) for n in ("N", "tires", "delivres", "repondants")),
                      *(sum(total.get("modes", {}).get(m, 0) for m in groupe) for groupe in GROUPES_MODES)])
        if (figure := _entonnoir(c, code)) is not None:
            figures.append(figure)
    if not lignes:
        return Section("Satisfaction", [Texte("Aucune enquête ne peut être consolidée.", "alerte")])
    note = ("Moyenne des caisses pondérée par leur base de sondage, intervalle à 95 % (strates, population finie). Les réponses brutes ne sont "
            "jamais mises en commun. Résultat partiel : moins de 90 % de la base couverte.")
    return Section("Satisfaction", [
        Tableau("N9", "Taux nationaux par question", ("Cible et question", "Positifs", "Intervalle à 95 %", "Part couverte", "Remarque"),
                lignes, note),
        Tableau("N10", "Bases et réponses, par mode", ("Cible", "Caisses", "Base", "Tirés", "Délivrés", "Répondants", "Conversation ou page",
                "Téléphone ou papier"), modes), *figures])


def _entonnoir(c: Mapping[str, Any], code: str) -> Optional[Figure]:
    q1 = c["enquete"][code]["questions"].get("Q1")
    if not isinstance(q1, dict) or len(q1["entonnoir"]) < 3:
        return None
    noms = {li["caisse"]: li["nom"] for li in c["perimetre"]["lignes"]}
    points = [(noms.get(p["caisse"], p["caisse"]), p["n"], p["taux"] / 100, [b / 100 for b in p["limites"]]) for p in q1["entonnoir"]]
    dehors = [noms.get(p["caisse"], p["caisse"]) for p in q1["entonnoir"] if not p["limites"][0] <= p["taux"] <= p["limites"][3]]
    phrase = f"Hors des limites à 99,8 % : {', '.join(dehors)}." if dehors else "Aucune caisse ne sort des limites à 99,8 %."
    return Figure(f"N11 {COURTS[code]}", f"Satisfaction par caisse et nombre de réponses : {COURTS[code]}",
                  graphiques.entonnoir(points, q1["taux"] / 100, [p["N"] for p in q1["entonnoir"]]),
                  f"Un point par caisse, entre des limites que le seul hasard du tirage garderait. {phrase}",
                  Tableau(f"N11 {COURTS[code]}", f"Données du graphique, {COURTS[code]}", ("Caisse", "Réponses exprimées", "Positifs"),
                          sorted(([noms.get(p["caisse"], p["caisse"]), p["n"], part(p["taux"])] for p in q1["entonnoir"]),
                                 key=lambda li: alphabetique(li[0]))))


def _locales(c: Mapping[str, Any]) -> Section:
    lignes = [[li["titre"], li["caisse"], li["genre"], li["realises"], li["participants"]] for li in c["locales"]]
    return Section("Actions locales à partager", [Tableau("N12", "Actions locales", ("Action", "Caisse", "Genre", "Réalisés", "Participants"), lignes)
                                                  if lignes else Texte("Aucune action locale n'est déclarée.")])


def _difficultes(c: Mapping[str, Any], campagne: Mapping[str, Any]) -> Section:
    difficultes = [[campagne.get("difficultes", {}).get(d["code"], d["code"]), d["caisses"],
                    ", ".join(f"{COURTS.get(a, a)} ({n})" for a, n in d["actions"].items())] for d in c["difficultes"]]
    priorites = [[f"{p['rang']}. {campagne.get('priorites_n1', {}).get(p['code'], p['code'])}", p["caisses"], p["premieres"]] for p in c["priorites"]]
    return Section("Difficultés et priorités", [
        Tableau("N13", "Difficultés, en nombre de caisses", ("Difficulté", "Caisses", "Cibles citées"), difficultes),
        Tableau("N14", "Priorités proposées pour l'année suivante", ("Priorité", "Caisses", "Dont en premier"), priorites,
                "Rang : nombre de caisses, puis somme des rangs qu'elles donnent.")])


def _cog(c: Mapping[str, Any]) -> Section:
    cog = c["cog"]
    return Section("Engagements de la COG", [Tableau("N15", "Un courrier à chaque créateur (engagement : 100 %)", ("Mesure", "Valeur"), [
        ["Caisses", cog["caisses"]], ["Affiliations", cog["affiliations"]], ["Courriers partis", cog["courriers"]],
        ["Part servie", part(cog["taux"]) if cog["taux"] is not None else None], ["Plis revenus", cog["retours"]]])])


def _enseignements(c: Mapping[str, Any], campagne: Mapping[str, Any]) -> Section:
    blocs: list[Bloc] = [Texte(c["textes"][nom]) for nom in ("textes.synthese", "textes.enseignements") if c["textes"].get(nom)]
    proposition = c["proposition_n1"]
    blocs.append(Texte("Le groupe de travail peut proposer pour l'année suivante, d'après les priorités des caisses :"))
    blocs.append(Liste([f"{campagne.get('priorites_n1', {}).get(code, code)}." for code in proposition["priorites"]], ordonnee=True))
    if proposition["texte"]:
        blocs.append(Texte(proposition["texte"]))
    if c["transition"]:
        blocs.append(Texte(c["transition"], "note"))
    return Section("Enseignements et proposition pour le socle suivant", blocs)


def _methode(c: Mapping[str, Any], changements: Sequence[Mapping[str, Any]]) -> Section:
    refus = [[r["caisse"] or "caisse non attendue", r["sequence"], "fichier" if r["refuse"] else _ecartes(r["ecartes"]), ", ".join(r["regles"])]
             for r in c["refus"]]
    blocs: list[Bloc] = [
        Texte("Chaque total est additionné deux fois, par deux programmes indépendants ; un seul entier différent arrête la consolidation. Les mêmes "
              "fichiers donnent les mêmes octets.", "note"),
        Tableau("N16", "Journal des refus", ("Caisse", "Numéro", "Refusé", "Règles"), refus) if refus else Texte("Aucun refus.")]
    if "secret" in c:
        n = c["secret"]["cellules"]
        blocs.append(Texte(f"Secret statistique : {nombre(n['A'])} cellules masquées (moins de {c['secret']['seuil']}), {nombre(n['D'])} masquées "
                           f"pour les protéger, {nombre(n['V'])} publiées."))
    if changements:
        blocs.append(Liste([_changement(x) for x in changements]))
    return Section("Méthode", blocs)


def _changement(x: Mapping[str, Any]) -> str:
    mots = {"ajoutees": "ajout de", "retirees": "retrait de", "remplacees": "rectificatif de"}
    faits = [f"{mot} {caisse}" for nom, mot in mots.items() for caisse in x[nom]]
    return f"Édition {x['numero']}{' (erratum)' if x['erratum'] else ''} : {', '.join(faits) or 'textes seuls'}."
