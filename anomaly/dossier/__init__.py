"""A case as a page that an auditor is given, and what the review page draws and says in the same way."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""The templates of this room."""
