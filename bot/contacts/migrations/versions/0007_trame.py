"""trame"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('saisie_trame',
    sa.Column('entretien_id', sa.Integer(), nullable=False),
    sa.Column('rang', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False, comment="monte à chaque enregistrement, quelle que soit la page"),
    sa.Column('onglet', sa.String(length=40), nullable=False, comment='la page ouverte qui écrit : tirée au sort à chaque ouverture'),
    sa.Column('auteur_id', sa.Integer(), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('trame_version', sa.String(length=20), nullable=False, comment="« 2011.1 », ou « 2011.1-L1 » pour l'adaptation de la caisse"),
    sa.Column('contenu', sa.JSON(), nullable=False, comment='profondeurs, minutes, notes courtes ; ni santé ni jugement'),
    sa.CheckConstraint('rang >= 1 AND version >= rang', name=op.f('ck_saisie_trame_rang')),
    sa.ForeignKeyConstraint(['auteur_id'], ['conseiller.id'], name=op.f('fk_saisie_trame_auteur_id')),
    sa.ForeignKeyConstraint(['entretien_id'], ['entretien.id'], name=op.f('fk_saisie_trame_entretien_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('entretien_id', 'rang', name=op.f('pk_saisie_trame'))
    )
    op.create_index(op.f('ix_saisie_trame_le'), 'saisie_trame', ['le'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_saisie_trame_le'), table_name='saisie_trame')
    op.drop_table('saisie_trame')
