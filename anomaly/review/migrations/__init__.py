"""The migrations of the review database, one file a step, run by alembic."""
