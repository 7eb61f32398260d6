"""enquete"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vague',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('action_id', sa.Integer(), nullable=True, comment='absente pour les entretiens spontanés (R55)'),
    sa.Column('cible', sa.String(length=20), nullable=False, comment='EIG, CREATEUR, AE, RCS, code local, ou SPONT'),
    sa.Column('genre', sa.String(length=10), nullable=False, comment="entretien, courrier ou rencontre : il règle le délai de l'invitation"),
    sa.Column('exercice', sa.Integer(), nullable=False, comment="année des contacts : l'enquête d'un bilan est celle de son exercice (A1)"),
    sa.Column('du', sa.Date(), nullable=False, comment='premier jour de contact compris'),
    sa.Column('au', sa.Date(), nullable=False, comment='dernier jour de contact compris'),
    sa.Column('version', sa.String(length=20), nullable=False, comment="du questionnaire national, gardée jusqu'à la fin (R59)"),
    sa.Column('sha256', sa.String(length=64), nullable=False, comment="du questionnaire à l'ouverture"),
    sa.Column('locales', sa.JSON(), nullable=True, comment="questions locales telles qu'elles valaient à l'ouverture"),
    sa.Column('graine', sa.String(length=64), nullable=False, comment="rang d'une unité : HMAC-SHA256(graine, clé de l'unité)"),
    sa.Column('taille_prevue', sa.Integer(), nullable=False, comment='sur base_prevue : fraction tirée, la même chaque semaine'),
    sa.Column('base_prevue', sa.Integer(), nullable=False, comment="volume de contacts attendu à l'ouverture"),
    sa.Column('etat', sa.String(length=8), nullable=False),
    sa.Column('ouverte_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('close_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("(action_id IS NULL) = (cible = 'SPONT')", name=op.f('ck_vague_spontanee')),
    sa.CheckConstraint("(etat = 'close') = (close_le IS NOT NULL)", name=op.f('ck_vague_close')),
    sa.CheckConstraint("etat IN ('ouverte', 'close')", name=op.f('ck_vague_etat')),
    sa.CheckConstraint("genre IN ('entretien', 'courrier', 'rencontre')", name=op.f('ck_vague_genre')),
    sa.CheckConstraint('au >= du', name=op.f('ck_vague_periode')),
    sa.CheckConstraint('taille_prevue BETWEEN 1 AND base_prevue', name=op.f('ck_vague_fraction')),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_vague_action_id')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_vague_caisse_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vague')),
    sa.UniqueConstraint('action_id', 'exercice', name=op.f('uq_vague_action_id_exercice'))
    )
    with op.batch_alter_table('vague', schema=None) as batch_op:
        batch_op.create_index('uq_vague_spontanee', ['caisse_code', 'exercice'], unique=True, sqlite_where=sa.text('action_id IS NULL'), postgresql_where=sa.text('action_id IS NULL'))

    op.create_table('feuille_rencontre',
    sa.Column('rencontre_id', sa.Integer(), nullable=False),
    sa.Column('numero', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('vague_id', sa.Integer(), nullable=False),
    sa.Column('jeton_empreinte', sa.String(length=64), nullable=False),
    sa.Column('pseudonyme', sa.BigInteger(), nullable=False, comment='de qui tient la feuille : personne ne sait qui'),
    sa.ForeignKeyConstraint(['rencontre_id'], ['rencontre.id'], name=op.f('fk_feuille_rencontre_rencontre_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['vague_id'], ['vague.id'], name=op.f('fk_feuille_rencontre_vague_id')),
    sa.PrimaryKeyConstraint('rencontre_id', 'numero', name=op.f('pk_feuille_rencontre')),
    sa.UniqueConstraint('jeton_empreinte', name=op.f('uq_feuille_rencontre_jeton_empreinte')),
    sa.UniqueConstraint('pseudonyme', name=op.f('uq_feuille_rencontre_pseudonyme'))
    )
    with op.batch_alter_table('feuille_rencontre', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_feuille_rencontre_vague_id'), ['vague_id'], unique=False)

    op.create_table('participation',
    sa.Column('pseudonyme', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('vague_id', sa.Integer(), nullable=False),
    sa.Column('forme', sa.String(length=10), nullable=False, comment='du contact'),
    sa.Column('mois', sa.String(length=7), nullable=False, comment='du contact, seule date gardée'),
    sa.Column('mode', sa.String(length=10), nullable=False, comment="par où sont venues les réponses ; le dernier, s'il a changé"),
    sa.Column('etat', sa.String(length=10), nullable=False),
    sa.Column('exprimee', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('saisi_par', sa.Integer(), nullable=True, comment='téléphone et papier ; jamais le conseiller du contact'),
    sa.CheckConstraint("(mode IN ('telephone', 'papier')) = (saisi_par IS NOT NULL)", name=op.f('ck_participation_saisie')),
    sa.CheckConstraint("etat IN ('ouverte', 'partielle', 'complete')", name=op.f('ck_participation_etat')),
    sa.CheckConstraint("mode IN ('chatbot', 'web', 'telephone', 'papier')", name=op.f('ck_participation_mode')),
    sa.ForeignKeyConstraint(['saisi_par'], ['conseiller.id'], name=op.f('fk_participation_saisi_par')),
    sa.ForeignKeyConstraint(['vague_id'], ['vague.id'], name=op.f('fk_participation_vague_id')),
    sa.PrimaryKeyConstraint('pseudonyme', name=op.f('pk_participation'))
    )
    with op.batch_alter_table('participation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_participation_vague_id'), ['vague_id'], unique=False)

    op.create_table('releve',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('vague_id', sa.Integer(), nullable=False),
    sa.Column('semaine', sa.String(length=8), nullable=False, comment='semaine ISO du gel : « 2011-W37 » ; une par vague'),
    sa.Column('gele_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('jusqu_au', sa.Date(), nullable=False, comment="dernier jour de contact pris, délai de l'invitation déduit"),
    sa.Column('base', sa.Integer(), nullable=False, comment='unités dans la base, exclusions déduites'),
    sa.Column('tires', sa.Integer(), nullable=False),
    sa.Column('exclusions', sa.JSON(), nullable=False, comment='par raison, comptées et imprimées'),
    sa.Column('sha256', sa.String(length=64), nullable=False, comment='des clés des unités, triées, une par ligne'),
    sa.Column('clos_le', bot.contacts.base.Instant(timezone=True), nullable=False, comment='J+21 après le gel : après, plus de réponse'),
    sa.Column('comptes', sa.JSON(), nullable=True, comment='invitations par état, gardées après les liens'),
    sa.Column('liens_detruits_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.CheckConstraint('liens_detruits_le IS NULL OR comptes IS NOT NULL', name=op.f('ck_releve_comptes')),
    sa.CheckConstraint('tires >= 0 AND tires <= base', name=op.f('ck_releve_tires')),
    sa.ForeignKeyConstraint(['vague_id'], ['vague.id'], name=op.f('fk_releve_vague_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_releve')),
    sa.UniqueConstraint('vague_id', 'semaine', name=op.f('uq_releve_vague_id_semaine'))
    )
    op.create_table('commentaire',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('vague_id', sa.Integer(), nullable=False),
    sa.Column('pseudonyme', sa.BigInteger(), nullable=True, comment='effacé avec les liens : la phrase ne se rattache plus aux autres réponses'),
    sa.Column('texte', sa.String(length=600), nullable=False, comment="masqué à l'entrée ; jamais publié tel quel"),
    sa.Column('masque', sa.Boolean(), server_default=sa.false(), nullable=False, comment='quelque chose a été masqué'),
    sa.Column('etat', sa.String(length=8), nullable=False),
    sa.Column('theme', sa.String(length=12), nullable=True),
    sa.Column('extrait', sa.String(length=300), nullable=True, comment='ce qui peut sortir de la caisse, relu par une personne'),
    sa.Column('relu_par', sa.Integer(), nullable=True),
    sa.Column('relu_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("(etat = 'a_relire') = (relu_par IS NULL)", name=op.f('ck_commentaire_relu')),
    sa.CheckConstraint("etat <> 'retenu' OR theme IS NOT NULL", name=op.f('ck_commentaire_retenu')),
    sa.CheckConstraint("etat IN ('a_relire', 'retenu', 'ecarte')", name=op.f('ck_commentaire_etat')),
    sa.CheckConstraint("extrait IS NULL OR etat = 'retenu'", name=op.f('ck_commentaire_extrait')),
    sa.CheckConstraint("theme IS NULL OR theme IN ('clarte', 'accueil', 'delai', 'lieu', 'telephone', 'documents', 'site', 'cotisations', 'retraite', 'autre')", name=op.f('ck_commentaire_theme')),
    sa.ForeignKeyConstraint(['pseudonyme'], ['participation.pseudonyme'], name=op.f('fk_commentaire_pseudonyme'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['relu_par'], ['conseiller.id'], name=op.f('fk_commentaire_relu_par')),
    sa.ForeignKeyConstraint(['vague_id'], ['vague.id'], name=op.f('fk_commentaire_vague_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_commentaire')),
    sa.UniqueConstraint('pseudonyme', name=op.f('uq_commentaire_pseudonyme'))
    )
    with op.batch_alter_table('commentaire', schema=None) as batch_op:
        batch_op.create_index('ix_commentaire_relecture', ['vague_id', 'etat'], unique=False)

    op.create_table('reponse',
    sa.Column('pseudonyme', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('item', sa.String(length=6), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['pseudonyme'], ['participation.pseudonyme'], name=op.f('fk_reponse_pseudonyme'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('pseudonyme', 'item', 'code', name=op.f('pk_reponse'))
    )
    op.create_table('unite_sondage',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('releve_id', sa.Integer(), nullable=False),
    sa.Column('vague_id', sa.Integer(), nullable=False),
    sa.Column('cle', sa.String(length=24), nullable=False, comment='« c:45 » contact, « i:12 » inscription, « f:8:3 » feuille 3 du contact 8'),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('assure_id', sa.Integer(), nullable=True),
    sa.Column('forme', sa.String(length=10), nullable=False),
    sa.Column('mois', sa.String(length=7), nullable=False, comment='du contact : « 2011-09 »'),
    sa.Column('exclusion', sa.String(length=16), nullable=True, comment="pourquoi elle n'est pas dans la base ; absente : elle y est"),
    sa.Column('tire', sa.Boolean(), nullable=False),
    sa.CheckConstraint("exclusion IS NULL OR exclusion IN ('refus_enquete', 'deja_sollicite', 'meme_personne', 'sans_personne', 'sans_feuille')", name=op.f('ck_unite_sondage_exclusion')),
    sa.CheckConstraint('exclusion IS NULL OR NOT tire', name=op.f('ck_unite_sondage_exclue')),
    sa.CheckConstraint("forme IN ('physique', 'telephone', 'courrier', 'courriel', 'collective')", name=op.f('ck_unite_sondage_forme')),
    sa.ForeignKeyConstraint(['assure_id'], ['assure.id'], name=op.f('fk_unite_sondage_assure_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_unite_sondage_contact_id')),
    sa.ForeignKeyConstraint(['releve_id'], ['releve.id'], name=op.f('fk_unite_sondage_releve_id')),
    sa.ForeignKeyConstraint(['vague_id'], ['vague.id'], name=op.f('fk_unite_sondage_vague_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unite_sondage')),
    sa.UniqueConstraint('vague_id', 'cle', name=op.f('uq_unite_sondage_vague_id_cle'))
    )
    with op.batch_alter_table('unite_sondage', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unite_sondage_assure_id'), ['assure_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_unite_sondage_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_unite_sondage_releve_id'), ['releve_id'], unique=False)

    op.create_table('invitation_enquete',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unite_id', sa.Integer(), nullable=False),
    sa.Column('releve_id', sa.Integer(), nullable=False),
    sa.Column('pseudonyme', sa.BigInteger(), nullable=False, comment='tiré au sort pour cette vague ; clé des réponses'),
    sa.Column('jeton_empreinte', sa.String(length=64), nullable=False, comment="HMAC-SHA256 du code, clé de l'installation"),
    sa.Column('canal', sa.String(length=10), nullable=False),
    sa.Column('etat', sa.String(length=10), nullable=False),
    sa.Column('en_cours', bot.contacts.base.Instant(timezone=True), nullable=True, comment='courriel confié au serveur, sans conclusion encore'),
    sa.Column('echecs', sa.Integer(), server_default='0', nullable=False),
    sa.Column('delivree_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('relancee_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("canal IN ('courriel', 'papier', 'sur_place')", name=op.f('ck_invitation_enquete_canal')),
    sa.CheckConstraint("etat IN ('tire', 'delivre', 'relance', 'partiel', 'complet', 'refuse', 'non_remis', 'clos')", name=op.f('ck_invitation_enquete_etat')),
    sa.ForeignKeyConstraint(['releve_id'], ['releve.id'], name=op.f('fk_invitation_enquete_releve_id')),
    sa.ForeignKeyConstraint(['unite_id'], ['unite_sondage.id'], name=op.f('fk_invitation_enquete_unite_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation_enquete')),
    sa.UniqueConstraint('jeton_empreinte', name=op.f('uq_invitation_enquete_jeton_empreinte')),
    sa.UniqueConstraint('pseudonyme', name=op.f('uq_invitation_enquete_pseudonyme')),
    sa.UniqueConstraint('unite_id', name=op.f('uq_invitation_enquete_unite_id'))
    )
    with op.batch_alter_table('invitation_enquete', schema=None) as batch_op:
        batch_op.create_index('ix_invitation_enquete_suivi', ['releve_id', 'etat'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('invitation_enquete', schema=None) as batch_op:
        batch_op.drop_index('ix_invitation_enquete_suivi')

    op.drop_table('invitation_enquete')
    with op.batch_alter_table('unite_sondage', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_unite_sondage_releve_id'))
        batch_op.drop_index(batch_op.f('ix_unite_sondage_contact_id'))
        batch_op.drop_index(batch_op.f('ix_unite_sondage_assure_id'))

    op.drop_table('unite_sondage')
    op.drop_table('reponse')
    with op.batch_alter_table('commentaire', schema=None) as batch_op:
        batch_op.drop_index('ix_commentaire_relecture')

    op.drop_table('commentaire')
    op.drop_table('releve')
    with op.batch_alter_table('participation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_participation_vague_id'))

    op.drop_table('participation')
    with op.batch_alter_table('feuille_rencontre', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_feuille_rencontre_vague_id'))

    op.drop_table('feuille_rencontre')
    with op.batch_alter_table('vague', schema=None) as batch_op:
        batch_op.drop_index('uq_vague_spontanee', sqlite_where=sa.text('action_id IS NULL'), postgresql_where=sa.text('action_id IS NULL'))

    op.drop_table('vague')
