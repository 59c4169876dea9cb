"""The baseline of static rules: what a console or a rule pack alerts on, without knowing anyone's habits."""

from pathlib import Path

import pandas as pd

from anomaly.store import Store

RULES = (Path(__file__).parent / "rules.sql").read_text(encoding="utf-8")
RULE_NAMES = ("foreign_copy", "foreign_share", "made_public", "outside_bytes")
OUTSIDE_BYTES = 10**9
"""Our choice of N: 1 GB read in one session from an address that networks.csv does not know."""
SESSION_COLUMNS = ["session_id", "bytes_read"]
FLOW_COLUMNS = ["session_id", "network_kind", "destination_relation", "copies", "shares", "bytes_read"]


def static_rules(sessions: pd.DataFrame, flows: pd.DataFrame, outside_bytes: int = OUTSIDE_BYTES) -> pd.DataFrame:
    """Say which rules each session hits.

    Parameters
    ----------
    sessions
        ``SESSION_COLUMNS``; one row a session.
    flows
        ``FLOW_COLUMNS`` of the table ``flows``; any number of rows a session, none for one of sign-ins alone.
    outside_bytes
        How many bytes a session may read from unlisted addresses before the last rule hits.

    Returns
    -------
    DataFrame
        session_id, ``RULE_NAMES`` (0 or 1), score: rules hit, plus less than one for the bytes; by session_id.
    """
    with Store(threads=1) as store:
        store.register("sessions", sessions[SESSION_COLUMNS])
        store.register("flows", flows[FLOW_COLUMNS])
        return store.df(RULES, {"outside_bytes": outside_bytes})
