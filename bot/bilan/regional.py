"""What a regional bilan says: its twelve sections, tables T1 to T11, charts G1 to G5 (§4a), from the content alone.

Never from the database: a signed bilan is written again from its own figures. How it is written is `rendus`.
"""
from dataclasses import dataclass
from datetime import date
from typing import Any, Iterable, Mapping, Optional, Sequence

from bot.bilan import graphiques
from bot.bilan.codes import EFFETS, FICTIVES, FORMES, MENTION, MOTIFS_ENQUETE, SOCLE, SOUS_CIBLES, SPONTANES, STATUTS, VOLUMES
from bot.bilan.controles import REGLES
from bot.bilan.pieces import Bloc, Document, Figure, Liste, Part, Section, Tableau, Texte, ecrire, rapport
from bot.bilan.voisins import questionnaire_lu
from bot.contacts.tables.contact import DOMAINES
from bot.enquete.questionnaire import Questionnaire
from bot.enquete.statistiques import SEUIL, Taux, taux
from bot.texte.typographie import ESPACE_FINE, MOIS, date_longue, nombre, quantite

COURTS = {"EIG": "EIG", "CREATEUR": "Créateurs", "AE": "Auto-entrepreneurs", "RCS": "Rencontres métiers", SPONTANES: "Spontanés"}
MOIS_COURTS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
LIKERT = ("Q1", "Q2", "Q3", "Q7", "Q8", "Q10")


@dataclass(frozen=True)
class Source:
    """What a document is made from: content, its state in words, campaign (labels), caisse's name, content of the year before, signatories."""

    payload: Mapping[str, Any]
    campagne: Mapping[str, Any]
    caisse: str
    etat: str
    signataires: Sequence[str] = ()
    empreinte: str = ""
    precedent: Optional[Mapping[str, Any]] = None
    rapport: Optional[Mapping[str, Any]] = None

    @property
    def questionnaire(self) -> Optional[Questionnaire]:
        sien = self.payload.get("questionnaire")
        return questionnaire_lu(sien["version"]) if sien else None

    @property
    def socle(self) -> list[Mapping[str, Any]]:
        """The four rows, in the circular's order."""
        par_code = {a["code"]: a for a in self.payload["actions"] if a["perimetre"] == "socle" and not a.get("sous_action_de")}
        return [par_code[c] for c in SOCLE if c in par_code]

    @property
    def autres(self) -> list[Mapping[str, Any]]:
        return [a for a in self.payload["actions"] if a["perimetre"] == "local" or a.get("sous_action_de")]

    def cible(self, code: str) -> Mapping[str, Any]:
        return next((c for c in self.campagne.get("cibles", ()) if c["code"] == code), {})

    def libelle(self, liste: str, code: str) -> str:
        return str(self.campagne.get(liste, {}).get(code, code))


def document(source: Source) -> Document:
    """The whole regional bilan."""
    p = source.payload
    identite = [
        ("Caisse", source.caisse), ("Exercice", str(p["exercice"])), ("Numéro", str(p["sequence"])
         + (f" (rectificatif, remplace en entier le bilan {p['remplace'][:12]}…)" if p["remplace"] else "")),
        ("État", source.etat), ("Données arrêtées au", date_longue(date.fromisoformat(p["donnees_arretees_au"]))),
        ("Socle", f"{p['socle']['id']}, version {p['socle']['version']}"), ("Kit", p["kit"]),
        ("Questionnaire", f"{p['questionnaire']['id']} {p['questionnaire']['version']}" if p["questionnaire"] else "non renseigné"),
        ("Signataires", ", ".join(source.signataires) or "non signé"), ("Empreinte du contenu", source.empreinte or "calculée à la signature")]
    sections = [_identification(source), _synthese(source), _cibles(source), _locales(source), _spontanes(source), _offre_globale(source),
                _satisfaction(source), _regles(source), _moyens(source), _difficultes(source), _enseignements(source), _annexes(source)]
    return Document(f"Bilan {p['exercice']} de la politique de contact", f"{source.caisse}. Bilan régional n° {p['sequence']}.", identite,
                    [MENTION, *([FICTIVES] if p.get("fictif") else [])], sections, p["donnees_arretees_au"])


def _ecrit(source: Source, nom: str) -> list[Bloc]:
    """What the caisse wrote for a section."""
    texte = source.payload["textes"].get(nom)
    return [Texte(texte)] if texte else []


def phrase(texte: str) -> str:
    """A label of a campaign file, printed as a sentence."""
    return texte if texte.rstrip().endswith((".", "!", "?", "…")) else f"{texte.rstrip()}."


def versionne(reference: str) -> str:
    """« trame:2011.1 » as people say it: « trame 2011.1 »."""
    return reference.replace(":", " ")


def volume(action: Mapping[str, Any], nom: str) -> Optional[int]:
    """A volume of an action; 0 for one that was not done (the row is printed all the same), None where it has no meaning."""
    if nom in ("refus", "absents", "joints") and action["genre"] == "rencontre":
        return None
    return int((action.get("volumes") or {}).get(nom, 0))


# -- 1 and 2 ---------------------------------------------------------------------------------------------------------------------------------


def _identification(source: Source) -> Section:
    p = source.payload
    blocs: list[Bloc] = [Texte(source.campagne.get("source", ""), "note")] if source.campagne.get("source") else []
    if source.campagne.get("transition"):
        blocs.append(Texte(source.campagne["transition"], "note"))
    blocs.append(Texte(f"Les chiffres de l'exercice comptent les contacts datés du 1er janvier au 31 décembre {p['exercice']} ; ceux de la campagne "
                       "les comptent depuis son premier jour, quel que soit l'exercice. Les effectifs sont des contacts ; les personnes distinctes "
                       "sont données à part et ne s'additionnent pas d'une cible à l'autre.", "note"))
    return Section("Identification", blocs)


def _synthese(source: Source) -> Section:
    lignes = []
    for a in source.socle:
        t = taux_item(source, a.get("enquete"), "Q1")
        lignes.append([COURTS[a["code"]], a["objectif"] if a["objectif"] is not None else "sans objectif chiffré", volume(a, "realises"),
                       rapport(volume(a, "realises"), a["objectif"]), Part(t.taux if t else None), intervalle(t), STATUTS[a["statut"]]])
    tableau = Tableau("T1", "Synthèse des quatre cibles du socle", ("Cible", "Objectif", "Réalisés", "Taux de réalisation", "Satisfaits",
                      "Intervalle à 95 %", "Statut"), lignes, "Satisfaits : très ou plutôt, parmi les réponses exprimées ; « – » : moins de "
                      f"{SEUIL} réponses, ou cible non analysée. Rencontres : nombre de rencontres, les participants sont plus loin.")
    motifs = [f"{COURTS[a['code']]} : {source.libelle('difficultes', a['motif'])}." for a in source.socle if a.get("motif")]
    return Section("Synthèse", [*_ecrit(source, "synthese"), tableau, *([Liste(motifs)] if motifs else []), _comparaison(source)])


def _comparaison(source: Source) -> Tableau:
    """T11. A series whose socle changed is marked: what is counted may not be the same (R07)."""
    avant = source.precedent or {}
    anciens = {a["code"]: a for a in avant.get("actions", ()) if a["perimetre"] == "socle"}
    rupture = bool(avant) and avant["socle"]["sha256"] != source.payload["socle"]["sha256"]
    lignes = []
    for a in source.socle:
        ancien = anciens.get(a["code"])
        n, n_1 = volume(a, "realises"), volume(ancien, "realises") if ancien else None
        lignes.append([COURTS[a["code"]], n_1, n, n - n_1 if n is not None and n_1 is not None else None,
                       "rupture de série" if rupture and ancien else ("" if ancien else "pas d'année précédente")])
    return Tableau("T11", "Évolution depuis l'année précédente (réalisés)", ("Cible", "N-1", "N", "Écart", "Remarque"), lignes,
                   "Rupture de série : la définition du socle a changé d'une année à l'autre." if rupture else None)


# -- 3, 4, 5: one sheet a target -----------------------------------------------------------------------------------------------------------------


def _cibles(source: Source) -> Section:
    faites = [a for a in source.socle if a.get("volumes")]
    blocs: list[Bloc] = [
        Tableau("T2", "De la demande à l'entretien", ("Cible", *(nom.capitalize() for nom in VOLUMES.values())),
                [[COURTS[a["code"]], *(volume(a, nom) for nom in VOLUMES)] for a in source.socle],
                "Créateurs : invités = courriers partis, absents = plis revenus. Rencontres : réalisés = rencontres tenues ; « – » : sans objet."),
        _mensuel(source), _formes(source)]
    if faites:
        blocs += [_g1(source, faites), _g2(faites)]
    blocs += [_effets(source), _evenements(source)]
    return Section("Les cibles du socle", blocs, [_fiche(source, a) for a in source.socle])


def _mensuel(source: Source) -> Tableau:
    annee = source.payload["exercice"]
    mois = [f"{annee}-{m:02d}" for m in range(1, 13)]
    lignes: list[list[Any]] = [[MOIS[i], *((a.get("mois") or {}).get(m, 0) for a in source.socle)] for i, m in enumerate(mois)]
    lignes.append(["Total", *(volume(a, "realises") for a in source.socle)])
    return Tableau("T3", "Contacts réalisés par mois", ("Mois", *(COURTS[a["code"]] for a in source.socle)), lignes)


def _formes(source: Source) -> Tableau:
    vues = [f for f in FORMES if any((a.get("formes") or {}).get(f) for a in source.socle)] or list(FORMES)
    return Tableau("T4", "Formes des contacts", ("Cible", *(FORMES[f] for f in vues), "Total"),
                   [[COURTS[a["code"]], *((a.get("formes") or {}).get(f, 0) for f in vues), volume(a, "realises")] for a in source.socle])


def _effets(source: Source) -> Tableau:
    return Tableau("T6", "Effets enregistrés", ("Effet", *(COURTS[a["code"]] for a in source.socle)),
                   [[libelle.capitalize(), *((a.get("effets") or {}).get(code, 0) for a in source.socle)] for code, libelle in EFFETS.items()],
                   "Un contact peut avoir plusieurs effets.")


def _evenements(source: Source) -> Tableau:
    lignes = [[date_longue(date.fromisoformat(e["date"])), COURTS.get(a["code"], a["code"]), e.get("evenement") or e["lieu"], e.get("partenaire"),
               e.get("profession"), e["inscrits"], e["participants"]]
              for a in source.payload["actions"] for e in a.get("evenements") or ()]
    total = [["Total", "", "", "", "", *(sum(int(str(li[j])) for li in lignes) for j in (5, 6))]] if lignes else []
    return Tableau("T9", "Rencontres tenues", ("Date", "Cible", "Manifestation ou lieu", "Partenaire", "Profession", "Inscrits", "Participants"),
                   [*lignes, *total], None if lignes else "Aucune rencontre n'a été tenue.")


def _g1(source: Source, faites: Sequence[Mapping[str, Any]]) -> Figure:
    annee = source.payload["exercice"]
    mois = [f"{annee}-{m:02d}" for m in range(1, 13)]
    series = [(COURTS[a["code"]], _cumuls([(a.get("mois") or {}).get(m, 0) for m in mois])) for a in faites]
    eig = next((a for a in faites if a["objectif"] and a["code"] == "EIG"), None)
    plan = _plan(eig, mois) if eig else None
    fins = "; ".join(f"{nom} : {nombre(valeurs[-1])}" for nom, valeurs in series).replace("; ", " ; ")
    donnees = Tableau("G1", "Données du graphique G1 : contacts cumulés", ("Mois", *(n for n, _ in series), *(["Plan EIG"] if plan else [])),
                      [[MOIS[i], *(v[i] for _, v in series), *([round(plan[i], 1)] if plan else [])] for i in range(12)])
    return Figure("G1", "Contacts cumulés au fil de l'année",
                  graphiques.cumul(MOIS_COURTS, series, plan, "Plan EIG (objectif réparti sur la campagne)"),
                  f"Courbes des contacts cumulés de janvier à décembre. En fin d'exercice, {fins}.", donnees)


def _cumuls(valeurs: Iterable[int]) -> list[int]:
    total, cumuls = 0, []
    for v in valeurs:
        total += v
        cumuls.append(total)
    return cumuls


def _plan(action: Mapping[str, Any], mois: Sequence[str]) -> list[float]:
    """The objective spread evenly over the months of the campaign, which may run into the next year (A1)."""
    du, au = action["campagne"]
    duree = (int(au[:4]) - int(du[:4])) * 12 + int(au[5:7]) - int(du[5:7]) + 1
    ecoules = [(int(m[:4]) - int(du[:4])) * 12 + int(m[5:7]) - int(du[5:7]) + 1 for m in mois]
    return [action["objectif"] * min(max(e, 0), duree) / duree for e in ecoules]


def _g2(faites: Sequence[Mapping[str, Any]]) -> Figure:
    etapes = ("requete", "invites", "joints", "realises")
    individuels = [a for a in faites if a["genre"] != "rencontre"] or list(faites)
    series = [(COURTS[a["code"]], [int(a["volumes"][e]) for e in etapes]) for a in individuels]
    phrase = " ; ".join(f"{nom} : {', '.join(nombre(v) for v in valeurs)}" for nom, valeurs in series)
    return Figure("G2", "De la demande à l'entretien", graphiques.barres([VOLUMES[e] for e in etapes], series),
                  f"Barres par cible : demandés, invités, joints, réalisés. {phrase}.",
                  Tableau("G2", "Données du graphique G2", ("Cible", *(VOLUMES[e].capitalize() for e in etapes)), [[n, *v] for n, v in series]))


def _fiche(source: Source, a: Mapping[str, Any]) -> Section:
    cible = source.cible(a["code"])
    blocs: list[Bloc] = [Texte(phrase(x)) for x in (cible.get("objectif_specifique"), cible.get("justification")) if x]
    if a["statut"] == "non_realisee":
        motif = source.libelle("difficultes", a["motif"]) if a.get("motif") else "motif à renseigner"
        return Section(a["titre"], [*blocs, Texte(f"Action non réalisée : {motif[:1].lower() + motif[1:]}.", "alerte"), *_mots(a)])
    v, du, au = a["volumes"], *(date_longue(date.fromisoformat(j)) for j in a["campagne"])
    faits = [f"Campagne du {du} au {au} ; statut : {STATUTS[a['statut']]}.",
             f"Objectif : {nombre(a['objectif']) if a['objectif'] else 'sans objectif chiffré'}.",
             f"{quantite(v['realises'], 'contact réalisé', 'contacts réalisés')} dans l'exercice, {nombre(a['cumul']['realises'])} depuis le début "
             f"de la campagne ; {quantite(a['personnes'], 'personne distincte', 'personnes distinctes')}." if a["genre"] != "rencontre" else
             f"{quantite(v['realises'], 'rencontre tenue', 'rencontres tenues')}, {quantite(a['participants'], 'participant')}."]
    if v.get("hors_invitation"):
        faits.append(f"{quantite(v['hors_invitation'], 'personne jointe', 'personnes jointes')} sans courrier d'invitation.")
    if a["sous_cibles"]:
        faits.append("Dont " + ", ".join(f"{SOUS_CIBLES.get(s, s).removeprefix('dont ')} : {nombre(n)}" for s, n in a["sous_cibles"].items()) + ".")
    if a["minutes_contacts"]:
        faits.append(f"Durée moyenne : {quantite(round(a['minutes_total'] / a['minutes_contacts']), 'minute')}.")
    if a["outils"]:
        faits.append("Outils : " + ", ".join(versionne(o) for o in a["outils"]) + ".")
    if a["supports"]:
        faits.append("Supports remis : " + ", ".join(f"{versionne(s)} ({nombre(n)})" for s, n in a["supports"].items()) + ".")
    return Section(a["titre"], [*blocs, Liste(faits), *_enquete(source, a["enquete"]), *_mots(a)])


def _mots(a: Mapping[str, Any]) -> list[Bloc]:
    ecrits = a.get("textes") or {}
    noms = {"enseignements": "Enseignements", "K14": "Pourquoi l'enquête n'est pas analysée", "K20": "Pourquoi tous les courriers ne sont pas partis"}
    return [Texte(f"{noms[n]} : {t}") for n, t in sorted(ecrits.items())]


def _enquete(source: Source, bloc: Mapping[str, Any]) -> list[Bloc]:
    if bloc["statut"] != "analysee":
        motif = MOTIFS_ENQUETE.get(bloc.get("motif") or "", bloc.get("motif") or "sans motif")
        return [Texte(f"Enquête : cible non analysée ({motif}).", "alerte")]
    t = taux_item(source, bloc, "Q1")
    if t is None or t.taux is None:
        return [Texte(f"Enquête : {quantite(bloc['repondants'], 'réponse')} sur {nombre(bloc['tires'])} personnes tirées ; moins de {SEUIL} avis "
                      "exprimés, donc pas de taux.")]
    avis = quantite(t.exprimees, "avis exprimé", "avis exprimés")
    return [Texte(f"Enquête : {ecrire(Part(t.taux))} de satisfaits parmi {avis} ({intervalle(t)}).")]


def _locales(source: Source) -> Section:
    lignes = [[a["titre"], a["genre"], volume(a, "realises"), a.get("participants"), STATUTS[a["statut"]]] for a in source.autres]
    tableau = Tableau("T12", "Actions de la caisse, en plus du socle", ("Action", "Genre", "Réalisés", "Participants", "Statut"), lignes)
    return Section("Actions locales", [*_ecrit(source, "locales"), *([tableau] if lignes else [Texte("Aucune action locale cette année.")]),
                                       Texte("Une action locale ne remplit jamais une case du socle.", "note")])


def _spontanes(source: Source) -> Section:
    s, eir = source.payload["spontanes"], source.payload["eir"]
    faits = [f"{quantite(s['entretiens'], 'entretien spontané', 'entretiens spontanés')} "
             f"({', '.join(f'{FORMES[f]} : {nombre(n)}' for f, n in s['formes'].items()) or 'aucun'}).",
             f"{quantite(s['rencontres'], 'rencontre')} hors campagne, {quantite(s['participants'], 'participant')}.",
             f"Entretiens information retraite (EIR), comptés à part : {nombre(eir['realises'])}."]
    anterieures = [f"Campagne de l'année précédente ({a['code']}) : {quantite(a['realises'], 'contact')} dans cet exercice, "
                   f"{nombre(a['cumul'])} pour la campagne entière." for a in source.payload["campagnes_anterieures"]]
    return Section("Entretiens spontanés", [*_ecrit(source, "spontanes"), Liste([*faits, *anterieures]), *_enquete(source, s["enquete"])])


# -- 6: domains ---------------------------------------------------------------------------------------------------------------------------------


def _offre_globale(source: Source) -> Section:
    faites = [a for a in source.socle if a.get("volumes") and a["genre"] != "courrier"]
    tableau = Tableau("T5", "Domaines abordés, en part des contacts", ("Domaine", *(COURTS[a["code"]] for a in faites)),
                      [[f"{code} {libelle}", *(rapport(a["domaines"].get(code, 0), volume(a, "realises")) for a in faites)]
                       for code, libelle in DOMAINES.items()]
                      + [["Tout ce qui était dû", *(rapport(a["offre_globale"], volume(a, "realises")) for a in faites)]],
                      "Tout ce qui était dû : contacts où aucun domaine n'a été laissé pour une autre raison que « sans objet » ou « déjà connu ».")
    figures = [f for a in faites if (f := _g5(a)) is not None]
    return Section("Offre globale", [*_ecrit(source, "offre_globale"), tableau, *figures, *_ecrit(source, "prevention")])


def _g5(a: Mapping[str, Any]) -> Optional[Figure]:
    """Said and heard, where enough people answered Q5."""
    bloc = a["enquete"]
    codes = (bloc.get("items") or {}).get("Q5")
    repondants, realises = bloc.get("repondants") or 0, volume(a, "realises") or 0
    if not codes or repondants < SEUIL or realises < SEUIL:
        return None
    lignes = [(f"{d} {nom}", 100 * a["domaines"].get(d, 0) / realises, 100 * codes.get(d, 0) / repondants) for d, nom in DOMAINES.items()]
    ecarts = sorted(lignes, key=lambda li: -abs(li[1] - li[2]))[0]
    return Figure(f"G5 {COURTS[a['code']]}", f"Ce qui a été dit, ce qui a été entendu : {COURTS[a['code']]}", graphiques.dit_entendu(lignes),
                  f"Par domaine, part des contacts où il a été abordé et part des répondants qui le disent. Plus grand écart : {ecarts[0]}.",
                  Tableau(f"G5 {COURTS[a['code']]}", f"Données du graphique G5, {COURTS[a['code']]}", ("Domaine", "Dit", "Entendu"),
                          [[nom, Part(dit / 100), Part(entendu / 100)] for nom, dit, entendu in lignes]))


# -- 7: satisfaction ----------------------------------------------------------------------------------------------------------------------------


def taux_item(source: Source, bloc: Optional[Mapping[str, Any]], item: str) -> Optional[Taux]:
    """The rate of one question in a survey block; None when it was not asked there."""
    q = source.questionnaire
    codes = ((bloc or {}).get("items") or {}).get(item)
    modele = next((i for i in q.items if i.id == item), None) if q else None
    if codes is None or q is None or modele is None or not q.echelle(modele).positifs or not bloc:
        return None
    return taux(codes, q.echelle(modele).positifs, q.echelle(modele).negatifs, max(bloc["N"], sum(codes.values())))


def intervalle(t: Optional[Taux]) -> Optional[str]:
    """« 81,2 à 93,0 % », or the census's own words."""
    if t is None or t.intervalle is None:
        return None
    if t.intervalle.recensement:
        return "recensement, pas d'erreur d'échantillonnage"
    return bornes(100 * t.intervalle.bas, 100 * t.intervalle.haut)


def bornes(bas: float, haut: float) -> str:
    """« 81,2 à 93,0 % », never cut at the end of a line."""
    return f"{nombre(bas, 1)}\u00a0à\u00a0{nombre(haut, 1)}{ESPACE_FINE}%"


def _blocs_enquete(source: Source) -> list[tuple[str, Mapping[str, Any]]]:
    blocs = [(COURTS.get(a["code"], a["titre"]), a["enquete"]) for a in source.payload["actions"] if a.get("enquete")]
    blocs.append((COURTS[SPONTANES], source.payload["spontanes"]["enquete"]))
    return [(nom, b) for nom, b in blocs if b["statut"] == "analysee"]


def _satisfaction(source: Source) -> Section:
    blocs, q = _blocs_enquete(source), source.questionnaire
    methode = Texte("Enquête menée par la caisse avec le questionnaire national, par tirage au sort parmi les contacts clos (tous quand ils sont 60 "
                    "au plus). Une invitation, un rappel. Les taux portent sur les réponses exprimées ; l'intervalle à 95 % (Wilson, population "
                    "finie) ne dit que l'erreur de tirage, pas l'effet de ceux qui n'ont pas répondu.", "note")
    if not blocs or q is None:
        return Section("Satisfaction", [methode, *_ecrit(source, "satisfaction"), Texte("Aucune cible n'a été analysée.", "alerte")])
    lignes, points = [], []
    for nom, bloc in blocs:
        for item in q.items:
            t = taux_item(source, bloc, item.id)
            if t is not None:
                lignes.append([f"{nom} — {item.id} {item.question}", t.exprimees, Part(t.taux), intervalle(t), Part(t.tres), Part(t.net)])
                if item.id == "Q1" and t.taux is not None and t.intervalle is not None:
                    points.append((nom, 100 * t.taux, 100 * t.intervalle.bas, 100 * t.intervalle.haut))
    t7 = Tableau("T7", "Réponses exprimées et taux par question", ("Cible et question", "Exprimées", "Satisfaits ou d'accord", "Intervalle à 95 %",
                 "Première réponse", "Solde"), lignes,
                 f"« – » : moins de {SEUIL} réponses exprimées, pas de taux. Solde : positives moins négatives.")
    figures = [f for nom, b in blocs if (f := _g3(source, q, nom, b)) is not None] + ([_g4(points)] if points else [])
    return Section("Satisfaction", [methode, *_ecrit(source, "satisfaction"), _reponses(blocs), t7, *figures])


def _reponses(blocs: Sequence[tuple[str, Mapping[str, Any]]]) -> Tableau:
    return Tableau("T8", "Base de sondage et réponses", ("Cible", "Base", "Méthode", "Tirés", "Délivrés", "Répondants", "Taux de réponse",
                   "Par conversation ou page", "Par téléphone ou papier"),
                   [[nom, b["N"], "recensement" if b["methode"] == "recensement" else "sondage aléatoire simple", b["tires"], b["delivres"],
                     b["repondants"], rapport(b["repondants"], b["delivres"]), *(sum((b.get("modes") or {}).get(m, 0) for m in modes)
                     for modes in (("chatbot", "web"), ("telephone", "papier")))] for nom, b in blocs])


def _g3(source: Source, q: Questionnaire, nom: str, bloc: Mapping[str, Any]) -> Optional[Figure]:
    lignes = []
    for item in q.items:
        t, e = taux_item(source, bloc, item.id), q.echelle(item)
        if item.id in LIKERT and t is not None and t.taux is not None:
            codes = bloc["items"][item.id]
            moins = [100 * codes.get(c, 0) / t.exprimees for c in e.negatifs]
            parts = [*(100 * codes.get(c, 0) / t.exprimees for c in e.positifs), *([0.0] if len(moins) == 1 else []), *moins]
            lignes.append((item.id, parts))
    if not lignes:
        return None
    questions = {i.id: i.question for i in q.items}
    legendes = ("très", "plutôt", "plutôt pas", "pas du tout")
    donnees = Tableau(f"G3 {nom}", f"Données du graphique G3, {nom}", ("Question", *(le.capitalize() for le in legendes)),
                      [[f"{i} {questions[i]}", *(Part(x / 100) for x in parts)] for i, parts in lignes],
                      "Chaque question a ses mots : Q2 et Q3 vont de « tout à fait » à « pas du tout » ; Q10, de « oui, nettement » à « non », "
                      "en trois réponses.")
    phrase_ = " ; ".join(f"{i} : {nombre(round(parts[0] + parts[1], 1))} % de réponses positives" for i, parts in lignes)
    return Figure(f"G3 {nom}", f"Réponses par question : {nom}", graphiques.divergent(lignes, legendes),
                  f"Barres réparties de part et d'autre de zéro, réponses négatives à gauche. {phrase_}.", donnees)


def _g4(points: Sequence[tuple[str, float, float, float]]) -> Figure:
    phrase = " ; ".join(f"{nom} : {nombre(round(p, 1))} % (de {nombre(round(b, 1))} à {nombre(round(h, 1))} %)" for nom, p, b, h in points)
    return Figure("G4", "Satisfaction d'ensemble (Q1) et son intervalle", graphiques.taux(points), f"Un point et un segment par cible. {phrase}.",
                  Tableau("G4", "Données du graphique G4", ("Cible", "Satisfaits", "Borne basse", "Borne haute"),
                          [[nom, Part(p / 100), Part(b / 100), Part(h / 100)] for nom, p, b, h in points]))


# -- 8 to 12 ------------------------------------------------------------------------------------------------------------------------------------


def _regles(source: Source) -> Section:
    faites = [a for a in source.payload["actions"] if a.get("volumes")]
    estimations = sum(a["estimations_54_plus"] for a in faites) + source.payload["spontanes"]["estimations_54_plus"]
    eig = next((a for a in source.socle if a["code"] == "EIG" and a.get("volumes")), None)
    professions = sorted({e["profession"] for a in faites for e in a.get("evenements") or () if e.get("profession")})
    ris = f"{nombre(eig['ris_utilises'])} sur {quantite(volume(eig, 'realises') or 0, 'entretien')}" if eig else "sans objet"
    return Section("Règles de la circulaire", [Liste([
        f"Estimations de la caisse remises dès 54 ans : {nombre(estimations)} (attendu : 0, la pratique n'est plus préconisée).",
        f"Relevé de situation individuelle (RIS) utilisé dans les entretiens EIG : {ris}.",
        f"Professions rencontrées, toutes à information sur les risques : {', '.join(professions) or 'aucune'}.",
        "Prévention santé : information générale seulement. Aucun entretien médical, aucune donnée de santé enregistrée."])])


def _moyens(source: Source) -> Section:
    m = source.payload["moyens"]
    lignes: list[list[Any]] = [["Agents mobilisés", m.get("agents")], ["Heures", m.get("heures")], ["Coût (euros)", m.get("cout_euros")]]
    lignes += [[f"Heures pour {COURTS.get(c, c)}", h] for c, h in (m.get("heures_par_action") or {}).items()]
    lignes += [[f"Minutes d'entretien, {COURTS[a['code']]}", a["minutes_total"]] for a in source.socle if a.get("minutes_total")]
    partenaires = m.get("partenaires") or []
    return Section("Moyens", [*_ecrit(source, "moyens"), Tableau("T10", "Moyens", ("Moyen", "Nombre"), lignes),
                              *([Texte(f"Partenaires : {', '.join(partenaires)}.")] if partenaires else [])])


def _difficultes(source: Source) -> Section:
    lignes = []
    for d in source.payload["difficultes"]:
        suite = f" ({', '.join(COURTS.get(a, a) for a in d['actions'])})" if d["actions"] else ""
        part = f", {nombre(d['part'])} % de l'effet" if "part" in d else ""
        lignes.append(f"{source.libelle('difficultes', d['code'])}{suite}{part}.{' ' + d['precision'] if d.get('precision') else ''}")
    return Section("Difficultés", [*_ecrit(source, "difficultes"), Liste(lignes) if lignes else Texte("Aucune difficulté n'a été signalée.")])


def _enseignements(source: Source) -> Section:
    lignes = [f"{source.libelle('priorites_n1', p['code'])}.{' ' + p['precision'] if p.get('precision') else ''}"
              for p in sorted(source.payload["priorites_n1"], key=lambda p: int(p["rang"]))]
    vide = Texte("Aucune priorité n'est proposée pour l'année suivante.", "alerte")
    return Section("Enseignements et priorités proposées", [
        *(_ecrit(source, "enseignements") or [Texte("Les enseignements restent à écrire.", "alerte")]),
        Liste(lignes, ordonnee=True) if lignes else vide])


def _annexes(source: Source) -> Section:
    definitions = Liste([
        "Entretien : contact individuel, sur place ou par téléphone, qui s'appuie sur les données de la personne.",
        "Rencontre : contact collectif ; on y compte des participants, jamais des noms.",
        "Demandés : personnes qui répondent à la requête de la cible. Joints : ceux qui ont répondu, par oui ou par non.",
        "« 0 » : compté, et nul. « – » : sans objet ou non connu. « s » : masqué par le secret statistique (édition publique)."])
    constats = (source.rapport or {}).get("constats", [])
    controles = Tableau("T13", "Rapport de contrôle", ("Règle", "Portée", "Constat"),
                        [[c["regle"], c["severite"], c["message"]] for c in constats] or [["K01 à K22", "", "Aucun constat."]],
                        f"{len(REGLES)} règles, registre {source.payload['controles']['registre']}.")
    versions = [f"Socle : {source.payload['socle']['id']} {source.payload['socle']['version']}, {source.payload['socle']['sha256']}",
                f"Kit : {source.payload['kit']}"]
    if source.payload["questionnaire"]:
        versions.append(f"Questionnaire : {source.payload['questionnaire']['version']}, {source.payload['questionnaire']['sha256']}")
    return Section("Annexes", [], [Section("Définitions", [definitions]), Section("Contrôles", [controles]), Section("Versions", [Liste(versions)])])
