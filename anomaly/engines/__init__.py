"""Engines run a feature stage. DuckDB in this process is the default; the SQL is the same in every engine."""
