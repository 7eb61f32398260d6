"""rgpd"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('elimination',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('regle', sa.String(length=40), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('nombre', sa.Integer(), nullable=False),
    sa.CheckConstraint('nombre > 0', name=op.f('ck_elimination_nombre')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_elimination'))
    )
    op.create_index(op.f('ix_elimination_regle'), 'elimination', ['regle'], unique=False)

    op.create_table('passage_purge',
    sa.Column('regle', sa.String(length=40), nullable=False),
    sa.Column('passe_le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('regle', name=op.f('pk_passage_purge'))
    )
    op.create_table('effacement',
    sa.Column('empreinte', sa.String(length=64), nullable=False, comment="HMAC de la caisse et du numéro de la personne, par la clé de l'installation"),
    sa.Column('caisse_code', sa.String(length=40), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('rejoue_le', bot.contacts.base.Instant(timezone=True), nullable=True, comment="dernière fois qu'elle est revenue et a été effacée encore"),
    sa.ForeignKeyConstraint(['caisse_code'], ['caisse.code'], name=op.f('fk_effacement_caisse_code')),
    sa.PrimaryKeyConstraint('empreinte', name=op.f('pk_effacement'))
    )


def downgrade() -> None:
    for table in ('effacement', 'passage_purge', 'elimination'):  # its index goes with it
        op.drop_table(table)
