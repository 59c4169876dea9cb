"""Of SQLite's search the words and where each stands, to spell out the beginnings of words that are asked for.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the view into the search's index; it holds nothing itself, and PostgreSQL does without."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("create virtual table case_text_places using fts5vocab(case_text, instance)")
