"""acces"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('essai_connexion',
    sa.Column('cle', sa.String(length=64), nullable=False, comment="HMAC de l'identifiant essayé, ou du compte pour le code"),
    sa.Column('echecs', sa.Integer(), nullable=False),
    sa.Column('dernier_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('bloque_jusqua', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('cle', name=op.f('pk_essai_connexion'))
    )
    with op.batch_alter_table('essai_connexion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_essai_connexion_dernier_le'), ['dernier_le'], unique=False)

    op.create_table('compte',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('conseiller_id', sa.Integer(), nullable=False),
    sa.Column('identifiant', sa.String(length=60), nullable=False, comment='en minuscules : « claire.fontaine »'),
    sa.Column('mot_de_passe', sa.String(length=200), nullable=False, comment='argon2id, avec ses paramètres et son sel'),
    sa.Column('mot_de_passe_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('doit_changer', sa.Boolean(), server_default=sa.false(), nullable=False, comment="mot de passe donné par quelqu'un d'autre : à remplacer à la première connexion"),
    sa.Column('totp_secret', sa.Text(), nullable=True, comment="chiffré par la clé de l'installation"),
    sa.Column('totp_actif_le', bot.contacts.base.Instant(timezone=True), nullable=True, comment='absent : secret proposé, pas encore confirmé'),
    sa.Column('totp_pas', sa.Integer(), nullable=True, comment="dernier pas de 30 s accepté : un code ne sert qu'une fois"),
    sa.Column('derniere_connexion_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('desactive_le', bot.contacts.base.Instant(timezone=True), nullable=True, comment="absent : le compte ouvre l'espace"),
    sa.Column('demo', sa.Boolean(), server_default=sa.false(), nullable=False, comment="compte fictif : n'ouvre l'espace que d'un site de démonstration"),
    sa.Column('cree_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.CheckConstraint('identifiant = lower(identifiant)', name=op.f('ck_compte_identifiant')),
    sa.CheckConstraint('totp_actif_le IS NULL OR totp_secret IS NOT NULL', name=op.f('ck_compte_totp')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_compte_conseiller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_compte')),
    sa.UniqueConstraint('conseiller_id', name=op.f('uq_compte_conseiller_id')),
    sa.UniqueConstraint('identifiant', name=op.f('uq_compte_identifiant'))
    )
    op.create_table('code_secours',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('compte_id', sa.Integer(), nullable=False),
    sa.Column('empreinte', sa.String(length=64), nullable=False, comment="HMAC par la clé de l'installation"),
    sa.Column('utilise_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['compte_id'], ['compte.id'], name=op.f('fk_code_secours_compte_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_code_secours')),
    sa.UniqueConstraint('empreinte', name=op.f('uq_code_secours_empreinte'))
    )
    with op.batch_alter_table('code_secours', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_code_secours_compte_id'), ['compte_id'], unique=False)

    op.create_table('session_espace',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('empreinte', sa.String(length=64), nullable=False, comment='SHA-256 du secret du cookie'),
    sa.Column('compte_id', sa.Integer(), nullable=False),
    sa.Column('cree_le', bot.contacts.base.Instant(timezone=True), nullable=False, comment="8 h au plus à partir d'ici"),
    sa.Column('active_le', bot.contacts.base.Instant(timezone=True), nullable=False, comment="30 min au plus à partir d'ici ; à la minute près"),
    sa.Column('second_facteur', sa.Boolean(), server_default=sa.false(), nullable=False, comment='le code du téléphone a été donné dans cette session'),
    sa.ForeignKeyConstraint(['compte_id'], ['compte.id'], name=op.f('fk_session_espace_compte_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_espace')),
    sa.UniqueConstraint('empreinte', name=op.f('uq_session_espace_empreinte'))
    )
    with op.batch_alter_table('session_espace', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_espace_active_le'), ['active_le'], unique=False)
        batch_op.create_index(batch_op.f('ix_session_espace_compte_id'), ['compte_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('session_espace', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_espace_compte_id'))
        batch_op.drop_index(batch_op.f('ix_session_espace_active_le'))

    op.drop_table('session_espace')
    with op.batch_alter_table('code_secours', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_code_secours_compte_id'))

    op.drop_table('code_secours')
    op.drop_table('compte')
    with op.batch_alter_table('essai_connexion', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_essai_connexion_dernier_le'))

    op.drop_table('essai_connexion')
