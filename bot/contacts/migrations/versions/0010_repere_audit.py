"""repère de la piste d'audit"""
import sqlalchemy as sa
from alembic import op

import bot.contacts.base

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

_PURGEES = "coalesce((SELECT max(dernier_id) FROM audit_repere), 0)"


def upgrade() -> None:
    op.create_table('audit_repere',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('le', bot.contacts.base.Instant(timezone=True), nullable=False),
    sa.Column('dernier_id', sa.Integer(), nullable=False, comment='dernière ligne purgée'),
    sa.Column('empreinte', sa.String(length=64), nullable=False, comment='la sienne : la première ligne gardée la porte comme précédente'),
    sa.Column('nombre', sa.Integer(), nullable=False, comment='lignes purgées cette fois'),
    sa.Column('sceau', sa.String(length=64), nullable=False, comment="HMAC de ce qui précède, par la clé de l'installation"),
    sa.CheckConstraint('nombre > 0', name=op.f('ck_audit_repere_nombre')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_repere')),
    sa.UniqueConstraint('dernier_id', name=op.f('uq_audit_repere_dernier_id'))
    )
    # Append only still, but for what a sealed mark already speaks for.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE FUNCTION refuser_purge() RETURNS trigger LANGUAGE plpgsql AS "
                   f"$$ BEGIN IF OLD.id > {_PURGEES} THEN RAISE EXCEPTION 'ajout seul : audit' USING ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$")
        op.execute("DROP TRIGGER audit_ajout_seul ON audit")
        op.execute("CREATE TRIGGER audit_ajout_seul BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuser_changement()")
        op.execute("CREATE TRIGGER audit_purge BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuser_purge()")
        op.execute("CREATE TRIGGER audit_repere_ajout_seul BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_repere "
                   "FOR EACH STATEMENT EXECUTE FUNCTION refuser_changement()")
        return
    op.execute("DROP TRIGGER audit_delete")
    op.execute(f"CREATE TRIGGER audit_delete BEFORE DELETE ON audit WHEN OLD.id > {_PURGEES} BEGIN SELECT RAISE(ABORT, 'ajout seul : audit'); END")
    for acte in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER audit_repere_{acte.lower()} BEFORE {acte} ON audit_repere BEGIN SELECT RAISE(ABORT, 'ajout seul : audit_repere'); END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_purge ON audit")
        op.execute("DROP TRIGGER audit_ajout_seul ON audit")
        op.execute("DROP TRIGGER audit_repere_ajout_seul ON audit_repere")
        op.execute("DROP FUNCTION refuser_purge()")
        op.execute("CREATE TRIGGER audit_ajout_seul BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
                   "FOR EACH STATEMENT EXECUTE FUNCTION refuser_changement()")
    else:
        op.execute("DROP TRIGGER audit_delete")
        op.execute("CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'ajout seul : audit'); END")
        for acte in ("update", "delete"):
            op.execute(f"DROP TRIGGER audit_repere_{acte}")
    op.drop_table('audit_repere')
