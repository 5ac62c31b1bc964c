"""Which application a permit was taken by. Permits that were taken before are gone already."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column; a permit that is there has not been taken."""
    op.add_column("permits", sa.Column("application", sa.Text))
