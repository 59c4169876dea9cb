# %% [markdown]
# # Explore a scored day
#
# Which sessions stand out, which signals speak, and how they spoke on the days before. Open it as a notebook with
# jupytext, or run it cell by cell in an editor; the tests run it whole. It reads the lake that `ANOMALY_ROOT` names
# (`anomaly demo` makes one under `.demo/lake`) and changes nothing in it.

# %%
import os
from pathlib import Path

import pandas as pd

from anomaly.catalog import table
from anomaly.engines.duckdb import day_number
from anomaly.listing import scored_days
from anomaly.store import Lake, Store

lake = Lake(Path(os.environ.get("ANOMALY_ROOT", ".demo/lake")))
days = scored_days(lake)
day = days[-1]
signals = list(table("session_features").signals)
store = Store()
for name in ("scores", "session_features", "sessions"):
    store.view(name, [path for each in days for path in lake.files(name, each)])
print(f"{len(days)} scored days, {days[0]} to {days[-1]}; the day explored is {day}")

# %% [markdown]
# ## The ten most unusual sessions
# `expected_per_day`: how many cases of an ordinary day are as unusual for their kind. Sessions of one case share a
# `case_rank`.

# %%
top = store.df(
    """
    select s.rank, s.case_rank, s.expected_per_day, s.actor, s.family, s.headline
    from scores as s
    where s.day = $day
    order by s.rank
    limit 10
    """,
    {"day": day_number(day)},
)
print(top.to_string(index=False))

# %% [markdown]
# ## What their signals say
# Rows are sessions by rank, columns the signals that speak in any of them; 0 is nothing unusual, 12 the most.

# %%
features = store.df(
    """
    select s.rank, f.*
    from session_features as f
    inner join scores as s on f.session_id = s.session_id
    where f.day = $day
    order by s.rank
    """,
    {"day": day_number(day)},
).set_index("rank")
speaking = features[signals].head(10)
print(speaking.loc[:, speaking.max() >= 1].round(1).to_string())

# %% [markdown]
# ## Which signals speak how often
# Share of all sessions in which a signal is above 1, by day. A signal that speaks more and more is drifting: the
# promise of the alert budget rests on days like those it was calibrated on.

# %%
history = store.df("select * from session_features")
history["day"] = pd.to_datetime(history["day"], unit="D")
share = (history.set_index("day")[signals] > 1).groupby(level="day").mean()
print((100 * share.loc[:, share.max() > 0.01]).round(1).T.to_string())

# %% [markdown]
# ## Alerts a day against the budget

# %%
alerts = store.df(
    """
    select
        date '1970-01-01' + day as day,
        count(*) as sessions,
        count(distinct case_id) as cases,
        count(distinct case_id) filter (where alert) as alerts,
        count(*) filter (where covered) as covered_sessions
    from scores
    group by day
    order by day
    """
)
print(alerts.to_string(index=False))
store.connection.close()
