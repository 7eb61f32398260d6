"""The agenda: what people ask of days and hours, openings, slots, entretiens, rencontres, notifications.
No HTTP, no Rasa, no phrase of a conversation: other rooms ask it, and phrase what it answers.

Every function takes a Session (the caller owns the transaction) and `maintenant`, an aware instant. A write that may meet others runs in
`transactions.en_transaction(sessions, lambda s: …)`, which starts again when PostgreSQL asks for it. Refusals: `bot.agenda.refus`, with what they
offer (`CreneauPris.proches`, `DejaUnRdv.entretien`, `OffrePassee.rang`). Who acts: `auteurs.ASSURE_CHAT`, `ASSURE_PAGE`, `conseiller(id, role)`.

    moment.comprendre(texte, maintenant, zone) -> Moment

    motifs.motifs(session, caisse_code, *, modalite=None, pour_assure=True) -> list[Motif]
    motifs.motif(session, caisse_code, code_ou_id) -> Motif                  motifs.documents(motif) -> list[str]
    recherche.chercher(session, motif, maintenant, *, antenne_id, conseiller_id, du, au, pour, conversation_id, delais) -> Resultat(creneaux, raisons)
    recherche.proches(session, motif, debut, maintenant, *, antenne_id, pour, conversation_id, delais, nombre=3) -> list[Creneau]
    recherche.noter_recherche(session, motif, maintenant, vide)
    creneaux.pourquoi_vide(resultat) -> {"existants": 12, "pris": 9, "trop_tot": 3}
    creneaux.lire_id(creneau.id) -> (motif_id, debut, antenne_id)
    choix.proposer(session, motif, moment, maintenant, *, antenne_id, conseiller_id, pour, conversation_id, sauf, autre, delais)
        -> Proposition(creneaux, total, pertes, passe, ferie, relachements, autre_modalite)
    instants.en_lettres(instant, fuseau, lecteur=None) -> « lundi 28 mars 2011 à 9 h 00 »

    reservation.retenir(session, *, conversation_id, motif, debut, antenne_id, maintenant, pour, assure_id) -> Retenue(conseiller_id, …, expire_le)
    reservation.relacher(session, conversation_id)
    reservation.confirmer(session, *, operation_id, motif, debut, antenne_id, personne: identite.Personne, auteur, maintenant, conversation_id,
                          action_id, conseiller_id, second_conseiller_id, plus_tot, invitation) -> Confirmation(entretien, deja)
    reservation.deplacer(session, entretien, *, debut, antenne_id, auteur, maintenant, conversation_id, conseiller_id) -> Entretien
    reservation.annuler(session, entretien, *, auteur, maintenant, raison) -> Entretien      (entretien.tardive)
    reservation.defaire(session, entretien, *, auteur, maintenant) -> Entretien               the last command, two minutes
    reservation.a_venir(session, *, caisse_code, personne, maintenant) -> list[Entretien]
    plus_tot.accepter(session, entretien, auteur, maintenant) -> Entretien                    the earlier slot that was offered
    etats.fenetre(entretien.debut, motif.limite_modif_h, maintenant) -> "libre" | "annuler" | "rien"
    etats.etat(statut, debut, fin, maintenant), etats.transitions(statut, debut, maintenant, role, fin=None)
    messages.quand(session, entretien), messages.lieu(session, entretien) -> phrases

    identification.identifier(session, *, code, nom, visiteurs, maintenant) -> Identification(acces, refus)   commit, then raise refus
    identification.ouvrir(session, entretien, maintenant) -> Acces; reprendre(session, jeton, maintenant) -> Acces; fermer(session, jeton)
    code_ouverture.ouvrir_par_code(session, code, cle, *, caisse_code, visiteurs, maintenant) -> Resultat(invitation, refus)   idem

    rencontres.a_venir(session, caisse_code, maintenant, *, theme, antenne_id) -> list[Etat(rencontre, etat, restantes, en_attente)]
    rencontres.inscrire(session, rencontre, personne, auteur, maintenant, *, hors_quota=False) -> Inscription (statut inscrit | attente)
    rencontres.rang_de(session, inscription), desister(session, inscription, auteur, maintenant), repondre_offre(session, inscription, oui, …)
    rencontres.creer(session, DemandeRencontre(…), auteur, maintenant), annuler(…), cloturer(session, rencontre, presents, auteur, maintenant, …)

    ouvertures.apercu(session, DemandeOuverture(conseiller_id, du, debut, fin, motifs, antenne_id, jusqu_au), maintenant)
        -> Apercu(creneaux, jours, feries, chevauchements)
    ouvertures.ouvrir(session, demande, auteur, maintenant), supprimer, retablir, modifier_occurrence, ouvrir_ferie
    fermetures.touches(session, Portee(caisse_code, du, au, conseiller_id, antenne_id), maintenant) -> [Touche(entretien, collegues)]
    fermetures.fermer(session, portee, raison, auteur, maintenant), lever, confier(session, entretien, conseiller_id, auteur, maintenant)
    journee.agenda(session, conseiller, du, au, maintenant) -> [Ligne]; journee.prochain, journee.a_renseigner
    decisions.choix_possibles(session, touche, portee, maintenant); decisions.fermer_avec(session, portee, raison, {entretien_id: choix}, auteur, …)
    reprises.a_defaire(session, auteur, maintenant) -> [Reprise]; reprises.defaire(session, caisse_code, objet, objet_id, auteur, maintenant)
    themes.THEMES, ORIENTATIONS, ISSUES                                       closed lists of a compte rendu
    dialogue_conseiller.CONDUITES                                             the commands of counsellors in the conversation
    comptes_rendus.constater(session, entretien, statut, *, auteur, maintenant)
    comptes_rendus.rediger(session, entretien, *, issue, auteur, maintenant, theme, orientation, documents, note) -> CompteRendu

    ics.entretien(session, entretien) -> bytes; ics.rencontre(…); ics.flux(session, conseiller, maintenant)
    ics.nouveau_flux(session, conseiller_id, maintenant) -> jeton; ics.conseiller_du_flux(session, jeton) -> Conseiller
    notifications.envoyer_dues(sessions, {"courriel": ExpediteurCourriel(reglages, maintenant)}, maintenant, site)
    tournee.travaux(sessions, horloge.maintenant, expediteurs, site) -> jobs for the worker
    statistiques.calculer(session, caisse_code, du, au, maintenant) -> [Chiffre]; alertes; en_csv
    motifs.installer(session, caisse_code); demo.installer_demo_agenda(session, caisse_code, maintenant)
"""
