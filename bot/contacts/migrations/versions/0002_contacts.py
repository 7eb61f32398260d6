"""contacts"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


JOURNAUX = ("historique", "audit")
COMMENTAIRES = {"genre": "une caisse de professions libérales n'est pas dans le socle (R18)",
                "attendue_du": "première date où son bilan est attendu ; absente = jamais",
                "attendue_au": "dernière date, comprise ; absente = toujours attendue"}


def _fermer(table: str) -> None:
    """Append only: the database itself refuses to change or delete a line."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE OR REPLACE FUNCTION refuser_changement() RETURNS trigger LANGUAGE plpgsql AS "
                   "$$ BEGIN RAISE EXCEPTION 'ajout seul : %', TG_TABLE_NAME USING ERRCODE = 'check_violation'; END $$")
        op.execute(f"CREATE TRIGGER {table}_ajout_seul BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                   "FOR EACH STATEMENT EXECUTE FUNCTION refuser_changement()")
        return
    for acte in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {table}_{acte.lower()} BEFORE {acte} ON {table} BEGIN SELECT RAISE(ABORT, 'ajout seul : {table}'); END")


def upgrade() -> None:
    op.create_table('audit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('acteur', sa.String(length=60), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=True),
    sa.Column('caisse_code', sa.String(length=40), nullable=True),
    sa.Column('acte', sa.String(length=40), nullable=False, comment='« dossier.lu », « connexion.refusee », « export »…'),
    sa.Column('objet', sa.String(length=30), nullable=True),
    sa.Column('objet_id', sa.String(length=40), nullable=True),
    sa.Column('precedent', sa.String(length=64), nullable=False, comment='empreinte de la ligne précédente ; zéros pour la première'),
    sa.Column('empreinte', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit')),
    sa.UniqueConstraint('empreinte', name=op.f('uq_audit_empreinte'))
    )
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_le'), ['le'], unique=False)

    op.create_table('historique',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('acteur', sa.String(length=60), nullable=False, comment='« conseiller:12 », « assure », « systeme »'),
    sa.Column('role', sa.String(length=20), nullable=True),
    sa.Column('origine', sa.String(length=12), nullable=False, comment='chat, page, espace, commande, systeme'),
    sa.Column('commande', sa.String(length=40), nullable=False),
    sa.Column('objet', sa.String(length=30), nullable=False, comment="table de l'objet"),
    sa.Column('objet_id', sa.String(length=40), nullable=False),
    sa.Column('avant', sa.JSON(), nullable=True, comment='colonnes non personnelles seulement'),
    sa.Column('apres', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_historique'))
    )
    with op.batch_alter_table('historique', schema=None) as batch_op:
        batch_op.create_index('ix_historique_objet', ['objet', 'objet_id'], unique=False)

    op.create_table('outil',
    sa.Column('code', sa.String(length=24), nullable=False),
    sa.Column('titre', sa.String(length=160), nullable=False),
    sa.Column('adaptable', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_outil')),
    sa.UniqueConstraint('code', 'adaptable', name=op.f('uq_outil_code_adaptable'))
    )
    op.create_table('profession_risque',
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('libelle', sa.String(length=120), nullable=False),
    sa.Column('du', sa.Date(), nullable=False),
    sa.Column('au', sa.Date(), nullable=True),
    sa.Column('source', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_profession_risque'))
    )
    op.create_table('socle',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('annee', sa.Integer(), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False, comment='du fichier de campagne, forme canonique'),
    sa.Column('contenu', sa.JSON(), nullable=False, comment="le fichier tel qu'il valait à l'installation"),
    sa.Column('installe_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_socle')),
    sa.UniqueConstraint('annee', 'version', name=op.f('uq_socle_annee_version'))
    )
    op.create_table('cible',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('socle_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False, comment="EIG, CREATEUR, AE, RCS, ou le code local d'une caisse"),
    sa.Column('perimetre', sa.String(length=8), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=True, comment='seulement pour une cible locale'),
    sa.Column('genre', sa.String(length=10), nullable=False, comment='entretien, courrier ou rencontre'),
    sa.Column('titre', sa.String(length=160), nullable=False),
    sa.Column('du', sa.Date(), nullable=False, comment="fenêtre de la campagne, indépendante de l'exercice (A1)"),
    sa.Column('au', sa.Date(), nullable=False, comment='dernier jour compris ; EIG 2011 : 31 mars 2012 (R33)'),
    sa.CheckConstraint("(perimetre = 'local') = (caisse_code IS NOT NULL)", name=op.f('ck_cible_local')),
    sa.CheckConstraint("genre IN ('entretien', 'courrier', 'rencontre')", name=op.f('ck_cible_genre')),
    sa.CheckConstraint("perimetre IN ('socle', 'local')", name=op.f('ck_cible_perimetre')),
    sa.CheckConstraint('au >= du', name=op.f('ck_cible_fenetre')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_cible_caisse_code')),
    sa.ForeignKeyConstraint(['socle_id'], ['socle.id'], name=op.f('fk_cible_socle_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cible')),
    sa.UniqueConstraint('id', 'perimetre', name=op.f('uq_cible_id_perimetre')),
    sa.UniqueConstraint('socle_id', 'caisse_code', 'code', name=op.f('uq_cible_socle_id_caisse_code_code'))
    )
    with op.batch_alter_table('cible', schema=None) as batch_op:
        batch_op.create_index('uq_cible_nationale', ['socle_id', 'code'], unique=True, sqlite_where=sa.text('caisse_code IS NULL'), postgresql_where=sa.text('caisse_code IS NULL'))

    op.create_table('importation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('fichier', sa.String(length=200), nullable=False, comment='nom du fichier, sans son chemin'),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('etat', sa.String(length=10), nullable=False),
    sa.Column('commencee_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('finie_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('lues', sa.Integer(), nullable=False),
    sa.Column('rejetees', sa.Integer(), nullable=False),
    sa.Column('colonnes', sa.JSON(), nullable=False, comment='celles du fichier ; une colonne absente ne change rien'),
    sa.Column('nouvelles', sa.Integer(), nullable=False),
    sa.Column('modifiees', sa.Integer(), nullable=False),
    sa.CheckConstraint("etat IN ('lecture', 'fusion', 'terminee', 'refusee')", name=op.f('ck_importation_etat')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_importation_caisse_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_importation'))
    )
    op.create_table('outil_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('outil_code', sa.String(length=24), nullable=False),
    sa.Column('adaptable', sa.Boolean(), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False, comment='2011.2 ; 2011.2-L1 pour une adaptation'),
    sa.Column('caisse_code', sa.String(length=40), nullable=True, comment='absente = version nationale'),
    sa.Column('origine_id', sa.Integer(), nullable=True, comment='la version nationale adaptée'),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('contenu', sa.Text(), nullable=True, comment="texte de l'adaptation ; les versions nationales sont des fichiers"),
    sa.Column('date', sa.Date(), nullable=False),
    sa.Column('prise_en_main', sa.String(length=300), nullable=True, comment='ce qui change, en une phrase (R53, R59)'),
    sa.CheckConstraint('caisse_code IS NULL OR (adaptable AND origine_id IS NOT NULL)', name=op.f('ck_outil_version_adaptation')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_outil_version_caisse_code')),
    sa.ForeignKeyConstraint(['origine_id'], ['outil_version.id'], name=op.f('fk_outil_version_origine_id')),
    sa.ForeignKeyConstraint(['outil_code', 'adaptable'], ['outil.code', 'outil.adaptable'], name='fk_outil_version_outil'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outil_version')),
    sa.UniqueConstraint('outil_code', 'version', 'caisse_code', name=op.f('uq_outil_version_outil_code_version_caisse_code'))
    )
    with op.batch_alter_table('outil_version', schema=None) as batch_op:
        batch_op.create_index('uq_outil_version_nationale', ['outil_code', 'version'], unique=True, sqlite_where=sa.text('caisse_code IS NULL'), postgresql_where=sa.text('caisse_code IS NULL'))

    op.create_table('action',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('cible_id', sa.Integer(), nullable=False),
    sa.Column('perimetre', sa.String(length=8), nullable=False),
    sa.Column('annee', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False, comment='celui de la cible, ou un code à elle pour une sous-action'),
    sa.Column('titre', sa.String(length=160), nullable=False),
    sa.Column('objectif', sa.Integer(), nullable=True, comment='absent = « sans objectif chiffré », jamais 0 (A4)'),
    sa.Column('statut', sa.String(length=12), server_default='prevue', nullable=False),
    sa.Column('motif', sa.String(length=40), nullable=True, comment='pourquoi non réalisée (liste fermée de la campagne, R15)'),
    sa.CheckConstraint("statut <> 'non_realisee' OR motif IS NOT NULL", name=op.f('ck_action_motif')),
    sa.CheckConstraint("statut IN ('prevue', 'en_cours', 'realisee', 'partielle', 'non_realisee')", name=op.f('ck_action_statut')),
    sa.CheckConstraint('objectif IS NULL OR objectif > 0', name=op.f('ck_action_objectif')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_action_caisse_code')),
    sa.ForeignKeyConstraint(['cible_id', 'perimetre'], ['cible.id', 'cible.perimetre'], name='fk_action_cible_perimetre'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_action')),
    sa.UniqueConstraint('caisse_code', 'annee', 'code', name=op.f('uq_action_caisse_code_annee_code'))
    )
    with op.batch_alter_table('action', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_action_caisse_code'), ['caisse_code'], unique=False)

    op.create_table('assure_lu',
    sa.Column('importation_id', sa.Integer(), nullable=False),
    sa.Column('identifiant', sa.String(length=32), nullable=False),
    sa.Column('ligne', sa.Integer(), nullable=False, comment='numéro de la ligne dans le fichier'),
    sa.Column('civilite', sa.String(length=10), nullable=True),
    sa.Column('nom', sa.String(length=80), nullable=False),
    sa.Column('prenom', sa.String(length=80), nullable=False),
    sa.Column('date_naissance', sa.Date(), nullable=True, comment="la cible EIG se lit sur l'année (R30)"),
    sa.Column('sexe', sa.String(length=1), nullable=True),
    sa.Column('groupe_pro', sa.String(length=12), nullable=False, comment='les industriels sont avec les commerçants (R21)'),
    sa.Column('statut', sa.String(length=10), nullable=False),
    sa.Column('auto_entrepreneur', sa.Boolean(), nullable=False, comment='à part du groupe : artisan ou commerçant aussi (R21)'),
    sa.Column('carriere', sa.String(length=12), nullable=False, comment="incomplète : prioritaire pour l'EIG (R30)"),
    sa.Column('date_affiliation', sa.Date(), nullable=True, comment="un créateur de l'année est affilié dans l'année (R36)"),
    sa.Column('code_ape', sa.String(length=6), nullable=True),
    sa.Column('profession', sa.String(length=80), nullable=True),
    sa.Column('adresse', sa.String(length=120), nullable=True, comment='numéro et voie ; colonne facultative du fichier'),
    sa.Column('complement', sa.String(length=120), nullable=True),
    sa.Column('code_postal', sa.String(length=5), nullable=True),
    sa.Column('ville', sa.String(length=80), nullable=True),
    sa.Column('telephone', sa.String(length=20), nullable=True),
    sa.Column('courriel', sa.String(length=120), nullable=True),
    sa.Column('langue', sa.String(length=8), nullable=False),
    sa.Column('canal', sa.String(length=10), server_default='courrier', nullable=False, comment="courriel seulement quand la personne l'a choisi"),
    sa.ForeignKeyConstraint(['importation_id'], ['importation.id'], name=op.f('fk_assure_lu_importation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('importation_id', 'identifiant', name=op.f('pk_assure_lu'))
    )
    op.create_table('conseiller',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('nom', sa.String(length=80), nullable=False),
    sa.Column('prenom', sa.String(length=80), nullable=False),
    sa.Column('courriel', sa.String(length=120), nullable=True),
    sa.Column('telephone', sa.String(length=30), nullable=True, comment="numéro qui s'affiche chez l'assuré appelé"),
    sa.Column('antenne_id', sa.Integer(), nullable=True, comment='antenne habituelle'),
    sa.Column('parti_le', sa.Date(), nullable=True, comment='date de départ ; absente = en poste'),
    sa.ForeignKeyConstraint(['antenne_id'], ['antenne.id'], name=op.f('fk_conseiller_antenne_id')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_conseiller_caisse_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conseiller'))
    )
    with op.batch_alter_table('conseiller', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_conseiller_caisse_code'), ['caisse_code'], unique=False)

    op.create_table('assure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('identifiant', sa.String(length=32), nullable=False, comment='numéro pseudonyme de la caisse ; jamais le NIR'),
    sa.Column('civilite', sa.String(length=10), nullable=True),
    sa.Column('nom', sa.String(length=80), nullable=False),
    sa.Column('prenom', sa.String(length=80), nullable=False),
    sa.Column('date_naissance', sa.Date(), nullable=True, comment="la cible EIG se lit sur l'année (R30)"),
    sa.Column('sexe', sa.String(length=1), nullable=True),
    sa.Column('groupe_pro', sa.String(length=12), nullable=False, comment='les industriels sont avec les commerçants (R21)'),
    sa.Column('statut', sa.String(length=10), nullable=False),
    sa.Column('auto_entrepreneur', sa.Boolean(), nullable=False, comment='à part du groupe : artisan ou commerçant aussi (R21)'),
    sa.Column('carriere', sa.String(length=12), nullable=False, comment="incomplète : prioritaire pour l'EIG (R30)"),
    sa.Column('date_affiliation', sa.Date(), nullable=True, comment="un créateur de l'année est affilié dans l'année (R36)"),
    sa.Column('code_ape', sa.String(length=6), nullable=True),
    sa.Column('profession', sa.String(length=80), nullable=True),
    sa.Column('adresse', sa.String(length=120), nullable=True, comment='numéro et voie ; colonne facultative du fichier'),
    sa.Column('complement', sa.String(length=120), nullable=True),
    sa.Column('code_postal', sa.String(length=5), nullable=True),
    sa.Column('ville', sa.String(length=80), nullable=True),
    sa.Column('telephone', sa.String(length=20), nullable=True),
    sa.Column('courriel', sa.String(length=120), nullable=True),
    sa.Column('langue', sa.String(length=8), nullable=False),
    sa.Column('canal', sa.String(length=10), server_default='courrier', nullable=False, comment="courriel seulement quand la personne l'a choisi"),
    sa.Column('refus_contact', sa.Boolean(), server_default=sa.false(), nullable=False, comment="ne veut plus être invitée ; l'envoi d'affiliation reste dû"),
    sa.Column('refus_enquete', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('referent_id', sa.Integer(), nullable=True, comment='conseiller qui la suit'),
    sa.Column('importation_id', sa.Integer(), nullable=True, comment='dernier fichier qui la portait'),
    sa.CheckConstraint("canal = 'courrier' OR courriel IS NOT NULL", name=op.f('ck_assure_canal_courriel')),
    sa.CheckConstraint("canal IN ('courrier', 'courriel')", name=op.f('ck_assure_canal')),
    sa.CheckConstraint("carriere IN ('complete', 'incomplete', 'inconnue')", name=op.f('ck_assure_carriere')),
    sa.CheckConstraint("groupe_pro IN ('artisan', 'commercant')", name=op.f('ck_assure_groupe_pro')),
    sa.CheckConstraint("statut IN ('actif', 'retraite', 'radie', 'createur', 'conjoint')", name=op.f('ck_assure_statut')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_assure_caisse_code')),
    sa.ForeignKeyConstraint(['importation_id'], ['importation.id'], name=op.f('fk_assure_importation_id')),
    sa.ForeignKeyConstraint(['referent_id'], ['conseiller.id'], name=op.f('fk_assure_referent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assure')),
    sa.UniqueConstraint('caisse_code', 'identifiant', name=op.f('uq_assure_caisse_code_identifiant'))
    )
    with op.batch_alter_table('assure', schema=None) as batch_op:
        batch_op.create_index('ix_assure_affiliation', ['caisse_code', 'date_affiliation'], unique=False)
        batch_op.create_index('ix_assure_cible', ['caisse_code', 'statut', 'date_naissance', 'carriere'], unique=False)

    op.create_table('reception',
    sa.Column('outil_version_id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('niveau', sa.String(length=20), nullable=False, comment='rôle destinataire (R05)'),
    sa.Column('transmise_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('accusee_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('conseiller_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_reception_caisse_code')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_reception_conseiller_id')),
    sa.ForeignKeyConstraint(['outil_version_id'], ['outil_version.id'], name=op.f('fk_reception_outil_version_id')),
    sa.PrimaryKeyConstraint('outil_version_id', 'caisse_code', 'niveau', name=op.f('pk_reception'))
    )
    op.create_table('rencontre',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('action_id', sa.Integer(), nullable=True, comment='absente = hors campagne'),
    sa.Column('theme', sa.String(length=20), nullable=False, comment='auto_entrepreneur, profession ou autre'),
    sa.Column('titre', sa.String(length=160), nullable=False),
    sa.Column('profession_code', sa.String(length=40), nullable=True, comment='obligatoire pour une rencontre par profession (R40)'),
    sa.Column('evenement', sa.String(length=160), nullable=True, comment='salon ou manifestation existante (R39)'),
    sa.Column('partenaire', sa.String(length=120), nullable=True),
    sa.Column('antenne_id', sa.Integer(), nullable=True),
    sa.Column('lieu', sa.String(length=200), nullable=False),
    sa.Column('debut', bot.contacts.base.Instant(timezone=True), nullable=False, comment='instant UTC'),
    sa.Column('fin', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('fuseau', sa.String(length=40), nullable=False),
    sa.Column('places', sa.Integer(), nullable=True, comment='absent = sans limite'),
    sa.Column('inscrits', sa.Integer(), server_default='0', nullable=False, comment='sièges pris, offres en attente comprises'),
    sa.Column('hors_quota', sa.Integer(), server_default='0', nullable=False, comment='sièges ajoutés par un conseiller'),
    sa.Column('cloture_inscriptions', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('cloturee_le', bot.contacts.base.Instant(timezone=True), nullable=True, comment='présences relevées ; ensuite plus rien ne change'),
    sa.Column('annulee_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('participants', sa.Integer(), nullable=True, comment='présents comptés, inscrits ou non ; un nombre, pas des noms'),
    sa.CheckConstraint("theme <> 'profession' OR profession_code IS NOT NULL", name=op.f('ck_rencontre_profession')),
    sa.CheckConstraint("theme IN ('auto_entrepreneur', 'profession', 'autre')", name=op.f('ck_rencontre_theme')),
    sa.CheckConstraint('fin > debut', name=op.f('ck_rencontre_duree')),
    sa.CheckConstraint('inscrits >= 0 AND hors_quota >= 0', name=op.f('ck_rencontre_comptes')),
    sa.CheckConstraint('participants IS NULL OR participants >= 0', name=op.f('ck_rencontre_participants')),
    sa.CheckConstraint('places IS NULL OR inscrits <= places + hors_quota', name=op.f('ck_rencontre_places')),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_rencontre_action_id')),
    sa.ForeignKeyConstraint(['antenne_id'], ['antenne.id'], name=op.f('fk_rencontre_antenne_id')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_rencontre_caisse_code')),
    sa.ForeignKeyConstraint(['profession_code'], ['profession_risque.code'], name=op.f('fk_rencontre_profession_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rencontre'))
    )
    with op.batch_alter_table('rencontre', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rencontre_caisse_code'), ['caisse_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_rencontre_debut'), ['debut'], unique=False)

    op.create_table('role',
    sa.Column('conseiller_id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('niveau', sa.String(length=20), nullable=False, comment='voir NIVEAUX'),
    sa.CheckConstraint("niveau IN ('conseiller', 'secretariat', 'responsable', 'directeur', 'agent_comptable', 'medecin_conseil', 'responsable_oc', 'groupe_travail', 'national', 'administrateur')", name=op.f('ck_role_niveau')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_role_caisse_code')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_role_conseiller_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('conseiller_id', 'caisse_code', 'niveau', name=op.f('pk_role'))
    )
    op.create_table('tirage',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('action_id', sa.Integer(), nullable=False),
    sa.Column('requete', sa.String(length=40), nullable=False, comment='nom de la requête enregistrée'),
    sa.Column('requete_sql', sa.Text(), nullable=False, comment="le SQL tel qu'il a été joué, paramètres compris"),
    sa.Column('graine', sa.String(length=64), nullable=False),
    sa.Column('cadre_sha256', sa.String(length=64), nullable=False, comment='des identifiants de la base de tirage, triés'),
    sa.Column('population', sa.Integer(), nullable=False),
    sa.Column('taille', sa.Integer(), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.CheckConstraint('taille <= population', name=op.f('ck_tirage_taille')),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_tirage_action_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tirage'))
    )
    with op.batch_alter_table('tirage', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tirage_action_id'), ['action_id'], unique=False)

    op.create_table('invite',
    sa.Column('tirage_id', sa.Integer(), nullable=False),
    sa.Column('assure_id', sa.Integer(), nullable=False),
    sa.Column('rang', sa.Integer(), nullable=False),
    sa.Column('raison', sa.String(length=120), nullable=False, comment='« carrière incomplète, née en 1952 »'),
    sa.ForeignKeyConstraint(['assure_id'], ['assure.id'], name=op.f('fk_invite_assure_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['tirage_id'], ['tirage.id'], name=op.f('fk_invite_tirage_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('tirage_id', 'assure_id', name=op.f('pk_invite'))
    )
    with op.batch_alter_table('invite', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invite_assure_id'), ['assure_id'], unique=False)

    op.create_table('lot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('action_id', sa.Integer(), nullable=False),
    sa.Column('tirage_id', sa.Integer(), nullable=True),
    sa.Column('numero', sa.Integer(), nullable=False),
    sa.Column('modele', sa.String(length=40), nullable=False, comment='modèle de courrier'),
    sa.Column('outil_version_id', sa.Integer(), nullable=True, comment='version du modèle (R35, R37)'),
    sa.Column('etat', sa.String(length=10), nullable=False),
    sa.Column('prepare_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.CheckConstraint("etat IN ('prepare', 'en_cours', 'parti')", name=op.f('ck_lot_etat')),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_lot_action_id')),
    sa.ForeignKeyConstraint(['outil_version_id'], ['outil_version.id'], name=op.f('fk_lot_outil_version_id')),
    sa.ForeignKeyConstraint(['tirage_id'], ['tirage.id'], name=op.f('fk_lot_tirage_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot')),
    sa.UniqueConstraint('action_id', 'numero', name=op.f('uq_lot_action_id_numero'))
    )
    with op.batch_alter_table('lot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lot_action_id'), ['action_id'], unique=False)

    op.create_table('envoi',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('action_id', sa.Integer(), nullable=False),
    sa.Column('assure_id', sa.Integer(), nullable=False),
    sa.Column('relance', sa.Integer(), nullable=False, comment='0 = premier courrier'),
    sa.Column('canal', sa.String(length=10), nullable=False),
    sa.Column('etat', sa.String(length=10), nullable=False),
    sa.Column('essais', sa.Integer(), nullable=False),
    sa.Column('parti_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('retourne_le', bot.contacts.base.Instant(timezone=True), nullable=True, comment="pli revenu : n'habite pas à l'adresse indiquée"),
    sa.Column('support', sa.String(length=60), nullable=True, comment='support joint et son édition (R37)'),
    sa.CheckConstraint("(etat = 'retourne') = (retourne_le IS NOT NULL)", name=op.f('ck_envoi_retour')),
    sa.CheckConstraint("canal IN ('courrier', 'courriel')", name=op.f('ck_envoi_canal')),
    sa.CheckConstraint("etat IN ('prepare', 'en_cours', 'envoye', 'retourne', 'echec')", name=op.f('ck_envoi_etat')),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_envoi_action_id')),
    sa.ForeignKeyConstraint(['assure_id'], ['assure.id'], name=op.f('fk_envoi_assure_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_envoi_lot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_envoi')),
    sa.UniqueConstraint('action_id', 'assure_id', 'relance', name=op.f('uq_envoi_action_id_assure_id_relance'))
    )
    with op.batch_alter_table('envoi', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_envoi_assure_id'), ['assure_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_envoi_lot_id'), ['lot_id'], unique=False)

    op.create_table('code_ouverture',
    sa.Column('empreinte', sa.String(length=64), nullable=False, comment="HMAC-SHA256 du code, clé de l'installation"),
    sa.Column('envoi_id', sa.Integer(), nullable=False),
    sa.Column('assure_id', sa.Integer(), nullable=False),
    sa.Column('action_id', sa.Integer(), nullable=False),
    sa.Column('expire_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('utilise_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_code_ouverture_action_id')),
    sa.ForeignKeyConstraint(['assure_id'], ['assure.id'], name=op.f('fk_code_ouverture_assure_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['envoi_id'], ['envoi.id'], name=op.f('fk_code_ouverture_envoi_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('empreinte', name=op.f('pk_code_ouverture')),
    sa.UniqueConstraint('envoi_id', name=op.f('uq_code_ouverture_envoi_id'))
    )
    with op.batch_alter_table('code_ouverture', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_code_ouverture_assure_id'), ['assure_id'], unique=False)

    op.create_table('contact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('socle_id', sa.Integer(), nullable=False, comment='le socle en vigueur le jour du contact (R06)'),
    sa.Column('type', sa.String(length=10), nullable=False),
    sa.Column('collectif', sa.Boolean(), nullable=False, comment="vrai si et seulement si c'est une rencontre ; porte la règle R48"),
    sa.Column('forme', sa.String(length=10), nullable=False),
    sa.Column('origine', sa.String(length=10), nullable=False, comment='un entretien spontané ou un EIR ne compte dans aucune cible (R55, A6)'),
    sa.Column('action_id', sa.Integer(), nullable=True, comment='absente pour un contact spontané'),
    sa.Column('assure_id', sa.Integer(), nullable=True),
    sa.Column('rencontre_id', sa.Integer(), nullable=True),
    sa.Column('envoi_id', sa.Integer(), nullable=True),
    sa.Column('conseiller_id', sa.Integer(), nullable=True),
    sa.Column('jour', sa.Date(), nullable=False, comment="jour local du contact : l'exercice se lit ici (A1)"),
    sa.Column('resultat', sa.String(length=8), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=True),
    sa.Column('beneficiaire', sa.String(length=12), server_default='assure', nullable=False, comment='R22'),
    sa.Column('moment_vie', sa.String(length=24), nullable=True, comment='liste fermée de la campagne (R22)'),
    sa.Column('accompagnant', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('naissance_annee', sa.Integer(), nullable=True, comment='année seule, pour les sous-cibles 1952 et 1957 (R30)'),
    sa.Column('carriere_incomplete', sa.Boolean(), nullable=True, comment='au jour du contact (R30)'),
    sa.Column('mecanismes', sa.Boolean(), server_default=sa.false(), nullable=False, comment='retraite, les mécanismes (R48)'),
    sa.Column('droits_acquis', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('optimisation', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('ris_utilise', sa.Boolean(), server_default=sa.false(), nullable=False, comment='appui sur le RIS (R51)'),
    sa.Column('estimation_remise', sa.Boolean(), server_default=sa.false(), nullable=False, comment='estimation maison : déconseillée dès 54 ans (R50)'),
    sa.Column('age_54_ou_plus', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('estimation_raison', sa.String(length=200), nullable=True, comment='exigée pour une estimation dès 54 ans (R50)'),
    sa.Column('enregistre_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.CheckConstraint("(origine IN ('campagne', 'local')) = (action_id IS NOT NULL)", name=op.f('ck_contact_origine_action')),
    sa.CheckConstraint("(type = 'entretien' AND forme IN ('physique', 'telephone')) OR (type = 'courrier' AND forme IN ('courrier', 'courriel')) OR (type = 'rencontre' AND forme = 'collective')", name=op.f('ck_contact_type_forme')),
    sa.CheckConstraint("(type = 'rencontre' AND collectif) OR (type <> 'rencontre' AND NOT collectif)", name=op.f('ck_contact_collectif')),
    sa.CheckConstraint("beneficiaire IN ('assure', 'conjoint', 'ayant_droit')", name=op.f('ck_contact_beneficiaire')),
    sa.CheckConstraint("forme IN ('physique', 'telephone', 'courrier', 'courriel', 'collective')", name=op.f('ck_contact_forme')),
    sa.CheckConstraint("origine IN ('campagne', 'local', 'spontane', 'eir')", name=op.f('ck_contact_origine')),
    sa.CheckConstraint("resultat IN ('prevu', 'realise', 'refus', 'absent', 'annule')", name=op.f('ck_contact_resultat')),
    sa.CheckConstraint("type <> 'rencontre' OR (assure_id IS NULL AND naissance_annee IS NULL AND moment_vie IS NULL AND carriere_incomplete IS NULL AND rencontre_id IS NOT NULL)", name=op.f('ck_contact_rencontre_sans_personne')),
    sa.CheckConstraint("type IN ('entretien', 'courrier', 'rencontre')", name=op.f('ck_contact_type')),
    sa.CheckConstraint('NOT (estimation_remise AND age_54_ou_plus) OR estimation_raison IS NOT NULL', name=op.f('ck_contact_estimation_54')),
    sa.CheckConstraint('minutes IS NULL OR minutes BETWEEN 1 AND 480', name=op.f('ck_contact_minutes')),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_contact_action_id')),
    sa.ForeignKeyConstraint(['assure_id'], ['assure.id'], name=op.f('fk_contact_assure_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_contact_caisse_code')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_contact_conseiller_id')),
    sa.ForeignKeyConstraint(['envoi_id'], ['envoi.id'], name=op.f('fk_contact_envoi_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['rencontre_id'], ['rencontre.id'], name=op.f('fk_contact_rencontre_id')),
    sa.ForeignKeyConstraint(['socle_id'], ['socle.id'], name=op.f('fk_contact_socle_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact')),
    sa.UniqueConstraint('envoi_id', name=op.f('uq_contact_envoi_id')),
    sa.UniqueConstraint('id', 'collectif', name=op.f('uq_contact_id_collectif')),
    sa.UniqueConstraint('rencontre_id', name=op.f('uq_contact_rencontre_id'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index('ix_contact_action', ['action_id', 'resultat'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_assure_id'), ['assure_id'], unique=False)
        batch_op.create_index('ix_contact_bilan', ['caisse_code', 'jour', 'type'], unique=False)

    op.create_table('contact_domaine',
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('collectif', sa.Boolean(), nullable=False),
    sa.Column('domaine', sa.String(length=2), nullable=False),
    sa.Column('profondeur', sa.Integer(), nullable=False),
    sa.Column('personnalise', sa.Boolean(), server_default=sa.false(), nullable=False, comment='sinon générique (R08)'),
    sa.Column('raison', sa.String(length=20), nullable=True),
    sa.CheckConstraint("NOT (collectif AND domaine = 'D3' AND profondeur > 1)", name=op.f('ck_contact_domaine_retraite_collective')),
    sa.CheckConstraint("domaine IN ('D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8', 'D9')", name=op.f('ck_contact_domaine_domaine')),
    sa.CheckConstraint("raison IS NULL OR raison IN ('sans_objet', 'deja_connu', 'manque_de_temps', 'refus_assure', 'autre_rendez_vous')", name=op.f('ck_contact_domaine_raison_connue')),
    sa.CheckConstraint('(profondeur = 0) = (raison IS NOT NULL)', name=op.f('ck_contact_domaine_raison')),
    sa.CheckConstraint('NOT (collectif AND personnalise)', name=op.f('ck_contact_domaine_collectif_generique')),
    sa.CheckConstraint('profondeur BETWEEN 0 AND 3', name=op.f('ck_contact_domaine_profondeur')),
    sa.ForeignKeyConstraint(['contact_id', 'collectif'], ['contact.id', 'contact.collectif'], name='fk_contact_domaine_contact', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('contact_id', 'domaine', name=op.f('pk_contact_domaine'))
    )
    op.create_table('contact_effet',
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('effet', sa.String(length=28), nullable=False),
    sa.CheckConstraint("effet IN ('fichier_corrige', 'carriere_completee', 'preliquidation_ouverte', 'oriente_recouvrement', 'transfrontalier_signale')", name=op.f('ck_contact_effet_effet')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_contact_effet_contact_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('contact_id', 'effet', name=op.f('pk_contact_effet'))
    )
    op.create_table('contact_outil',
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('outil_version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_contact_outil_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['outil_version_id'], ['outil_version.id'], name=op.f('fk_contact_outil_outil_version_id')),
    sa.PrimaryKeyConstraint('contact_id', 'outil_version_id', name=op.f('pk_contact_outil'))
    )
    op.create_table('brouillon',
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('flux', sa.String(length=24), nullable=False, comment='étiquette du flux : prendre_rdv, repondre_enquete…'),
    sa.Column('etape', sa.String(length=24), nullable=False, comment="ce qui vient d'être demandé"),
    sa.Column('donnees', sa.JSON(), nullable=False, comment="choix faits : motif, lieu, jours ; rien qui identifie"),
    sa.Column('prive', sa.JSON(), nullable=False, comment="nom, téléphone, courriel, le temps de l'acte"),
    sa.Column('relances', sa.Integer(), nullable=False, comment='incompréhensions de suite sur la même question'),
    sa.Column('change_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_brouillon_conversation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('conversation_id', name=op.f('pk_brouillon'))
    )
    # Written out: alembic's batch mode would drop and rebuild the table, and SQLite takes these as they are, like PostgreSQL.
    op.execute("ALTER TABLE caisse ADD COLUMN genre VARCHAR(24) DEFAULT 'regionale' NOT NULL "
               "CONSTRAINT ck_caisse_genre CHECK (genre IN ('regionale', 'professions_liberales', 'nationale'))")
    op.execute("ALTER TABLE caisse ADD COLUMN attendue_du DATE CONSTRAINT ck_caisse_attendue CHECK (genre = 'regionale' OR attendue_du IS NULL)")
    op.execute("ALTER TABLE caisse ADD COLUMN attendue_au DATE")
    if op.get_bind().dialect.name == "postgresql":
        for colonne, commentaire in COMMENTAIRES.items():
            op.alter_column('caisse', colonne, comment=commentaire)
    for table in JOURNAUX:
        _fermer(table)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in JOURNAUX:
            op.execute(f"DROP TRIGGER {table}_ajout_seul ON {table}")
        op.execute("DROP FUNCTION refuser_changement()")
    op.drop_table('brouillon')
    for colonne in ("attendue_au", "attendue_du", "genre"):  # in this order: the CHECK of the second reads the third
        op.execute(f"ALTER TABLE caisse DROP COLUMN {colonne}")

    op.drop_table('contact_outil')
    op.drop_table('contact_effet')
    op.drop_table('contact_domaine')
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_index('ix_contact_bilan')
        batch_op.drop_index(batch_op.f('ix_contact_assure_id'))
        batch_op.drop_index('ix_contact_action')

    op.drop_table('contact')
    with op.batch_alter_table('code_ouverture', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_code_ouverture_assure_id'))

    op.drop_table('code_ouverture')
    with op.batch_alter_table('envoi', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_envoi_lot_id'))
        batch_op.drop_index(batch_op.f('ix_envoi_assure_id'))

    op.drop_table('envoi')
    with op.batch_alter_table('lot', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lot_action_id'))

    op.drop_table('lot')
    with op.batch_alter_table('invite', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invite_assure_id'))

    op.drop_table('invite')
    with op.batch_alter_table('tirage', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_tirage_action_id'))

    op.drop_table('tirage')
    op.drop_table('role')
    with op.batch_alter_table('rencontre', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rencontre_debut'))
        batch_op.drop_index(batch_op.f('ix_rencontre_caisse_code'))

    op.drop_table('rencontre')
    op.drop_table('reception')
    with op.batch_alter_table('assure', schema=None) as batch_op:
        batch_op.drop_index('ix_assure_cible')
        batch_op.drop_index('ix_assure_affiliation')

    op.drop_table('assure')
    with op.batch_alter_table('conseiller', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_conseiller_caisse_code'))

    op.drop_table('conseiller')
    op.drop_table('assure_lu')
    with op.batch_alter_table('action', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_action_caisse_code'))

    op.drop_table('action')
    with op.batch_alter_table('outil_version', schema=None) as batch_op:
        batch_op.drop_index('uq_outil_version_nationale', sqlite_where=sa.text('caisse_code IS NULL'), postgresql_where=sa.text('caisse_code IS NULL'))

    op.drop_table('outil_version')
    op.drop_table('importation')
    with op.batch_alter_table('cible', schema=None) as batch_op:
        batch_op.drop_index('uq_cible_nationale', sqlite_where=sa.text('caisse_code IS NULL'), postgresql_where=sa.text('caisse_code IS NULL'))

    op.drop_table('cible')
    op.drop_table('socle')
    op.drop_table('profession_risque')
    op.drop_table('outil')
    with op.batch_alter_table('historique', schema=None) as batch_op:
        batch_op.drop_index('ix_historique_objet')

    op.drop_table('historique')
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_le'))

    op.drop_table('audit')
