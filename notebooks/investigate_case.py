# %% [markdown]
# # Investigate one case
#
# The first case of the last scored day, from the headline down to the records of the log that say it. Open it as a
# notebook with jupytext, or run it cell by cell in an editor; the tests run it whole. It reads the lake that
# `ANOMALY_ROOT` names and the context files of `ANOMALY_CONTEXT` (`anomaly demo` makes both) and changes nothing.

# %%
import os
from pathlib import Path

import pandas as pd

from anomaly.catalog import table
from anomaly.listing import cases, scored_days
from anomaly.store import Lake, Store
from anomaly.words import in_bytes, visible

lake = Lake(Path(os.environ.get("ANOMALY_ROOT", ".demo/lake")))
day = scored_days(lake)[-1]
ranked = cases(lake, day)
case = ranked[0]
print(f"{day}: {len(ranked)} cases, the first of them is {case['case_id']}")
print(visible(str(case["headline"])))

# %% [markdown]
# ## Its sessions
# Sessions of one case share who made them, where they sent, or a stolen key.

# %%
store = Store()
for name in ("scores", "session_features", "sessions", "flows", "acts"):
    store.view(name, lake.files(name, day))
sessions = store.df(
    "select rank, session_id, actor, identity, score, expected_per_day, reasons, covered "
    "from scores where case_id = $case order by rank",
    {"case": case["case_id"]},
)
for row in sessions.itertuples():
    print(f"rank {row.rank}: {visible(row.actor)}, {row.expected_per_day:.3f} such a day expected")
    for reason in row.reasons:
        print(f"  - {visible(reason)}")

# %% [markdown]
# ## What moved, and where to
# An empty destination means that the caller took it; `relation` says whose the destination is.

# %%
moved = store.df(
    """
    select f.bucket, f.sensitivity, f.destination, f.destination_relation as relation, f.network, f.reads, f.copies,
        f.shares, f.objects, nullif(f.bytes_read, 0) as bytes_read
    from flows as f
    semi join (select session_id from scores where case_id = $case) as s on f.session_id = s.session_id
    order by f.bytes_read desc, f.bucket, f.destination
    """,
    {"case": case["case_id"]},
)
moved["bytes_read"] = [in_bytes(None if pd.isna(value) else value) for value in moved["bytes_read"]]
print(moved.to_string(index=False))

# %% [markdown]
# ## Which signals speak
# The case's sessions beside the middling session of the day; 0 is nothing unusual, 12 the most.

# %%
signals = list(table("session_features").signals)
features = store.df("select * from session_features").set_index("session_id")[signals]
beside = pd.DataFrame(
    {"case": features.loc[sessions["session_id"]].max(), "others, 90 %": features.quantile(0.9)}
).sort_values("case", ascending=False)
for name, row in beside[beside["case"] >= 1].iterrows():
    print(f"{name:24} {row['case']:5.1f}  {'█' * round(2 * row['case'])}  (others {row['others, 90 %']:.1f})")

# %% [markdown]
# ## Minute by minute
# A bar is what was read in a minute; of a copy no log tells the size.

# %%
timeline = store.df(
    """
    select strftime(make_timestamp(a.ts_us // 60000000 * 60000000), '%H:%M') as minute, a.operation, count(*) as calls,
        count(distinct a.object_key) as objects, sum(a.bytes_read)::double as read
    from acts as a
    semi join (select session_id from scores where case_id = $case) as s on a.session_id = s.session_id
    group by all
    order by all
    """,
    {"case": case["case_id"]},
).head(30)
most = max(timeline["read"].fillna(0).max(), 1)
for row in timeline.itertuples():
    read = None if pd.isna(row.read) else row.read
    bar = "█" * round(30 * (read or 0) / most)
    print(
        f"{row.minute}  {row.operation:10} {row.calls:6,} calls  {row.objects:6,} objects  {in_bytes(read):>18}  {bar}"
    )

# %% [markdown]
# ## The same actors on days before
# What they read on each day that the lake still holds.

# %%
store.view(
    "actor_day", [path for each in lake.days("actor_day") if each <= day for path in lake.files("actor_day", each)]
)
past = store.df(
    "select date '1970-01-01' + day as day, sum(bytes_read) as read from actor_day "
    "where actor in (select actor from scores where case_id = $case) group by day order by day",
    {"case": case["case_id"]},
)
most = max(past["read"].max(), 1)
for row in past.itertuples():
    print(f"{row.day:%Y-%m-%d}  {in_bytes(row.read):>10}  {'█' * round(40 * row.read / most)}")

# %% [markdown]
# ## Where it is written
# The first records of the log behind it: file, record counted from 0.

# %%
records = store.df(
    """
    select a.evidence_file, a.evidence_record, a.api, a.bucket, a.object_key
    from acts as a
    semi join (select session_id from scores where case_id = $case) as s on a.session_id = s.session_id
    order by a.ts_us, a.event_id
    limit 8
    """,
    {"case": case["case_id"]},
)
for row in records.itertuples():
    print(f"{Path(row.evidence_file).name} record {row.evidence_record}: {row.api} {visible(str(row.object_key))}")
store.connection.close()
