"""How the tables came to be, one file a revision. Read by Alembic."""
