"""bilan"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bilan_recu',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('annee', sa.Integer(), nullable=False, comment="exercice auquel la caisse nationale l'a rattaché"),
    sa.Column('caisse_code', sa.String(length=40), nullable=True, comment='celle que le fichier nomme ; absente = illisible'),
    sa.Column('sequence', sa.Integer(), nullable=True),
    sa.Column('fichier', sa.String(length=200), nullable=False, comment='nom du fichier, sans son chemin'),
    sa.Column('fichier_sha256', sa.String(length=64), nullable=False, comment='des octets reçus'),
    sa.Column('sha256', sa.String(length=64), nullable=True, comment="du contenu, tel que l'enveloppe le dit"),
    sa.Column('enveloppe', sa.Text(), nullable=True, comment="les octets reçus, s'ils étaient un texte raisonnable"),
    sa.Column('etat', sa.String(length=10), nullable=False),
    sa.Column('recu_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('hors_delai', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('constats', sa.JSON(), nullable=False, comment='règles enfreintes, avec leur phrase'),
    sa.Column('ecartes', sa.JSON(), nullable=False, comment="parts refusées seules : bloc d'enquête, questions (K16, K17)"),
    sa.Column('registre_sha256', sa.String(length=64), nullable=False, comment='registre national contre lequel il fut contrôlé'),
    sa.Column('accuse', sa.JSON(), nullable=False),
    sa.CheckConstraint("etat = 'refuse' OR (enveloppe IS NOT NULL AND sha256 IS NOT NULL AND caisse_code IS NOT NULL AND sequence IS NOT NULL)", name=op.f('ck_bilan_recu_accepte')),
    sa.CheckConstraint("etat IN ('accepte', 'refuse', 'remplace', 'consolide', 'clos')", name=op.f('ck_bilan_recu_etat')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bilan_recu'))
    )
    op.create_index(op.f('ix_bilan_recu_annee'), 'bilan_recu', ['annee'], unique=False)
    op.create_index('uq_bilan_recu_retenu', 'bilan_recu', ['caisse_code', 'annee'], unique=True, sqlite_where=sa.text("etat IN ('accepte', 'consolide', 'clos')"), postgresql_where=sa.text("etat IN ('accepte', 'consolide', 'clos')"))
    op.create_table('exercice_bilan',
    sa.Column('annee', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('etat', sa.String(length=8), server_default='ouvert', nullable=False, comment='erratum : rouvert après clôture'),
    sa.Column('limite', bot.contacts.base.Instant(timezone=True), nullable=True, comment="dernier instant à l'heure ; absent = règle A2"),
    sa.Column('strict', sa.Boolean(), server_default=sa.false(), nullable=False, comment='« avant le 31 » lu à la lettre (A2)'),
    sa.Column('kit', sa.String(length=20), nullable=False, comment='version du kit en vigueur, qui porte le bilan type (R61)'),
    sa.Column('questionnaire', sa.JSON(none_as_null=True), nullable=True, comment='id, version, sha256, items : le modèle national (R56)'),
    sa.Column('ouvert_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('clos_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("etat IN ('ouvert', 'clos', 'erratum')", name=op.f('ck_exercice_bilan_etat')),
    sa.PrimaryKeyConstraint('annee', name=op.f('pk_exercice_bilan'))
    )
    op.create_table('saisie_bilan',
    sa.Column('dossier', sa.String(length=60), nullable=False, comment='« regional:demo-aquitaine:2011 » ou « national:2011 »'),
    sa.Column('champ', sa.String(length=60), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('valeur', sa.JSON(), nullable=False, comment='texte ou liste structurée ; les nom, numéro et adresse y sont refusés (K21)'),
    sa.Column('ecartee', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('auteur', sa.String(length=60), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.CheckConstraint('version >= 1', name=op.f('ck_saisie_bilan_version')),
    sa.PrimaryKeyConstraint('dossier', 'champ', 'version', name=op.f('pk_saisie_bilan'))
    )
    op.create_table('bilan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('annee', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('etat', sa.String(length=10), server_default='brouillon', nullable=False),
    sa.Column('remplace', sa.String(length=64), nullable=True, comment='empreinte du bilan remplacé'),
    sa.Column('rapport', sa.JSON(none_as_null=True), nullable=True, comment='derniers contrôles joués'),
    sa.Column('sha256', sa.String(length=64), nullable=True, comment='du contenu contrôlé puis signé'),
    sa.Column('contenu', sa.Text(), nullable=True, comment='JSON canonique du contenu contrôlé ; visé puis signé tel quel'),
    sa.Column('enveloppe', sa.Text(), nullable=True, comment="fichier d'échange signé, octet pour octet"),
    sa.Column('cree_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('controle_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('signe_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('transmis_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('hors_delai', sa.Boolean(), server_default=sa.false(), nullable=False, comment='accepté tout de même (K22)'),
    sa.Column('accuse', sa.JSON(none_as_null=True), nullable=True, comment='rendu par la caisse nationale'),
    sa.CheckConstraint("etat IN ('brouillon', 'controle') OR (enveloppe IS NOT NULL AND sha256 IS NOT NULL AND signe_le IS NOT NULL)", name=op.f('ck_bilan_fige')),
    sa.CheckConstraint("etat IN ('brouillon', 'controle', 'signe', 'transmis', 'accuse', 'accepte', 'refuse', 'consolide', 'clos', 'remplace')", name=op.f('ck_bilan_etat')),
    sa.CheckConstraint('(sequence = 1) = (remplace IS NULL)', name=op.f('ck_bilan_remplace')),
    sa.CheckConstraint('sequence >= 1', name=op.f('ck_bilan_sequence')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_bilan_caisse_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bilan')),
    sa.UniqueConstraint('caisse_code', 'annee', 'sequence', name=op.f('uq_bilan_caisse_code_annee_sequence'))
    )
    op.create_table('cle_bilan',
    sa.Column('kid', sa.String(length=60), nullable=False, comment='caisse et année : « demo-aquitaine-2011 »'),
    sa.Column('caisse_code', sa.String(length=40), nullable=True, comment='absente = la caisse nationale'),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('publique', sa.String(length=64), nullable=False, comment='Ed25519, 32 octets en base64'),
    sa.Column('privee_chiffree', sa.Text(), nullable=True, comment="par la clé de l'installation ; absente = fichier ailleurs"),
    sa.Column('creee_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('revoquee_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('revocation', sa.String(length=200), nullable=True, comment='pourquoi, en une phrase'),
    sa.CheckConstraint("(role = 'national') = (caisse_code IS NULL)", name=op.f('ck_cle_bilan_porteur')),
    sa.CheckConstraint("role IN ('directeur', 'national')", name=op.f('ck_cle_bilan_role')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_cle_bilan_caisse_code')),
    sa.PrimaryKeyConstraint('kid', name=op.f('pk_cle_bilan')),
    sa.UniqueConstraint('publique', name=op.f('uq_cle_bilan_publique'))
    )
    op.create_table('rappel_bilan',
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('annee', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('palier', sa.Integer(), autoincrement=False, nullable=False, comment='jours avant la limite'),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_rappel_bilan_caisse_code')),
    sa.PrimaryKeyConstraint('caisse_code', 'annee', 'palier', name=op.f('pk_rappel_bilan'))
    )
    op.create_table('equivalence_question',
    sa.Column('annee', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('question', sa.String(length=12), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False, comment="version d'où vient la question"),
    sa.Column('sha256', sa.String(length=64), nullable=False, comment='de la question dans cette version'),
    sa.Column('nationale', sa.String(length=64), nullable=False, comment='de la question dans le modèle national'),
    sa.Column('raison', sa.String(length=200), nullable=False, comment="« coquille » ; jamais un changement d'échelle"),
    sa.Column('signature', sa.String(length=100), nullable=False),
    sa.Column('kid', sa.String(length=60), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['kid'], ['cle_bilan.kid'], name=op.f('fk_equivalence_question_kid')),
    sa.PrimaryKeyConstraint('annee', 'question', 'version', name=op.f('pk_equivalence_question'))
    )
    op.create_table('commentaire_bilan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('bilan_recu_id', sa.Integer(), nullable=False),
    sa.Column('conseiller_id', sa.Integer(), nullable=False),
    sa.Column('texte', sa.Text(), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['bilan_recu_id'], ['bilan_recu.id'], name=op.f('fk_commentaire_bilan_bilan_recu_id')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_commentaire_bilan_conseiller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_commentaire_bilan'))
    )
    op.create_index(op.f('ix_commentaire_bilan_bilan_recu_id'), 'commentaire_bilan', ['bilan_recu_id'], unique=False)
    op.create_table('edition_nationale',
    sa.Column('annee', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('numero', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('erratum', sa.Boolean(), server_default=sa.false(), nullable=False, comment='faite après la clôture'),
    sa.Column('fichiers', sa.JSON(), nullable=False, comment='caisse, séquence et empreinte de chaque fichier pris'),
    sa.Column('interne', sa.Text(), nullable=False, comment='JSON canonique, chiffres exacts'),
    sa.Column('publique', sa.Text(), nullable=False, comment='JSON canonique, petits effectifs masqués'),
    sa.Column('sha256', sa.String(length=64), nullable=False, comment="de l'édition interne"),
    sa.Column('cree_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('publiee_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('signataire_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('numero >= 1', name=op.f('ck_edition_nationale_numero')),
    sa.ForeignKeyConstraint(['annee'], ['exercice_bilan.annee'], name='fk_edition_nationale_exercice'),
    sa.ForeignKeyConstraint(['signataire_id'], ['conseiller.id'], name=op.f('fk_edition_nationale_signataire_id')),
    sa.PrimaryKeyConstraint('annee', 'numero', name=op.f('pk_edition_nationale')),
    sa.UniqueConstraint('annee', 'sha256', 'numero', name=op.f('uq_edition_nationale_annee_sha256_numero'))
    )
    op.create_table('visa_bilan',
    sa.Column('bilan_id', sa.Integer(), nullable=False),
    sa.Column('genre', sa.String(length=12), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False, comment='du contenu visé'),
    sa.Column('conseiller_id', sa.Integer(), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.CheckConstraint("genre IN ('chiffres', 'prevention')", name=op.f('ck_visa_bilan_genre')),
    sa.ForeignKeyConstraint(['bilan_id'], ['bilan.id'], name=op.f('fk_visa_bilan_bilan_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_visa_bilan_conseiller_id')),
    sa.PrimaryKeyConstraint('bilan_id', 'genre', 'sha256', name=op.f('pk_visa_bilan'))
    )


def downgrade() -> None:
    op.drop_table('visa_bilan')
    op.drop_table('edition_nationale')
    op.drop_index(op.f('ix_commentaire_bilan_bilan_recu_id'), table_name='commentaire_bilan')
    op.drop_table('commentaire_bilan')
    op.drop_table('equivalence_question')
    op.drop_table('rappel_bilan')
    op.drop_table('cle_bilan')
    op.drop_table('bilan')
    op.drop_table('saisie_bilan')
    op.drop_table('exercice_bilan')
    op.drop_index('uq_bilan_recu_retenu', table_name='bilan_recu', sqlite_where=sa.text("etat IN ('accepte', 'consolide', 'clos')"), postgresql_where=sa.text("etat IN ('accepte', 'consolide', 'clos')"))
    op.drop_index(op.f('ix_bilan_recu_annee'), table_name='bilan_recu')
    op.drop_table('bilan_recu')
