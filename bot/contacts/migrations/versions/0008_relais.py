"""relais"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('presence',
    sa.Column('conseiller_id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('vu_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_presence_caisse_code')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_presence_conseiller_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('conseiller_id', name=op.f('pk_presence'))
    )
    op.create_index(op.f('ix_presence_caisse_code'), 'presence', ['caisse_code'], unique=False)

    op.create_table('rappel',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('nom', sa.String(length=120), nullable=True),
    sa.Column('telephone', sa.String(length=40), nullable=True),
    sa.Column('moment', sa.String(length=40), nullable=False, comment='quand rappeler : « Le matin »…'),
    sa.Column('message', sa.String(length=400), nullable=True, comment='numéros masqués'),
    sa.Column('etat', sa.String(length=12), nullable=False),
    sa.Column('demande_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('traite_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('conseiller_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(etat = 'a_faire') = (traite_le IS NULL)", name=op.f('ck_rappel_traite')),
    sa.CheckConstraint("etat IN ('a_faire', 'fait', 'injoignable')", name=op.f('ck_rappel_etat')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_rappel_caisse_code')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_rappel_conseiller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rappel'))
    )
    op.create_index('ix_rappel_caisse_etat', 'rappel', ['caisse_code', 'etat'], unique=False)

    op.create_table('relais',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=True),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('etat', sa.String(length=10), nullable=False, comment='attente, en_cours, rendu (par le conseiller), repris (par la personne), ferme (plus personne)'),
    sa.Column('demande_le', bot.contacts.base.Instant(timezone=True), nullable=False, comment='donne la place dans la file, gardée après une coupure'),
    sa.Column('place_dite', sa.Integer(), nullable=False, comment='la dernière place annoncée ; seule une meilleure se redit'),
    sa.Column('conseiller_id', sa.Integer(), nullable=True),
    sa.Column('pris_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('signe_le', bot.contacts.base.Instant(timezone=True), nullable=True, comment='dernier signe du navigateur du conseiller'),
    sa.Column('fini_le', bot.contacts.base.Instant(timezone=True), nullable=True),
    sa.Column('coupures', sa.Integer(), nullable=False, comment="remises en file après le silence d'un navigateur"),
    sa.CheckConstraint("(etat IN ('attente', 'en_cours')) = (fini_le IS NULL)", name=op.f('ck_relais_fini')),
    sa.CheckConstraint("etat <> 'en_cours' OR (conseiller_id IS NOT NULL AND pris_le IS NOT NULL AND signe_le IS NOT NULL)", name=op.f('ck_relais_pris')),
    sa.CheckConstraint("etat IN ('attente', 'en_cours', 'rendu', 'repris', 'ferme')", name=op.f('ck_relais_etat')),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_relais_caisse_code')),
    sa.ForeignKeyConstraint(['conseiller_id'], ['conseiller.id'], name=op.f('fk_relais_conseiller_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_relais_conversation_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_relais'))
    )
    op.create_index(op.f('ix_relais_conversation_id'), 'relais', ['conversation_id'], unique=False)
    op.create_index('ix_relais_caisse_etat', 'relais', ['caisse_code', 'etat'], unique=False)
    op.create_index('uq_relais_conversation_ouverte', 'relais', ['conversation_id'], unique=True, sqlite_where=sa.text("etat IN ('attente', 'en_cours')"), postgresql_where=sa.text("etat IN ('attente', 'en_cours')"))


def downgrade() -> None:
    for table in ('relais', 'rappel', 'presence'):  # their indexes go with them
        op.drop_table(table)
