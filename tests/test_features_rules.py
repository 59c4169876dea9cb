"""The SQL under features/ keeps the rules that make it run the same whole, day by day, in partitions and on workers."""

import math
import re
from dataclasses import replace

import pytest
import sqlglot
from sqlglot import exp

from anomaly.catalog import catalog, table
from anomaly.engines.duckdb import prepare
from anomaly.model.spec import ModelSpec
from anomaly.stage import CONTEXT_TABLES, Stage, stage_named, stages
from anomaly.store import Store, empty_select

CONTEXT_COLUMNS = {
    "accounts": {"cloud": "VARCHAR", "account": "VARCHAR", "label": "VARCHAR", "relation": "VARCHAR"},
    "addresses": {
        "source_ip": "VARCHAR",
        "network": "VARCHAR",
        "network_kind": "VARCHAR",
        "country": "VARCHAR",
        "asn": "BIGINT",
        "organisation": "VARCHAR",
    },
    "expected_countries": {"country": "VARCHAR"},
    "identities": {"identity": "VARCHAR", "identity_kind": "VARCHAR", "label": "VARCHAR"},
    "inventory": {
        "bucket": "VARCHAR",
        "cloud": "VARCHAR",
        "account": "VARCHAR",
        "sensitivity": "VARCHAR",
        "sensitivity_weight": "BIGINT",
        "owner": "VARCHAR",
    },
    "role_context": {"identity_glob": "VARCHAR"},
    "workflows": {
        "workflow_id": "VARCHAR",
        "identity_glob": "VARCHAR",
        "bucket_glob": "VARCHAR",
        "destination_type": "VARCHAR",
        "destination_value": "VARCHAR",
        "review_by": "DATE",
        "max_bytes_per_day": "BIGINT",
    },
    "workflow_addresses": {"workflow_id": "VARCHAR", "source_ip": "VARCHAR"},
}
# each gives another answer on another machine, another order or another day
FORBIDDEN = re.compile(
    r"\b(hash|approx_\w+|mode|first|last|any_value|arg_min|arg_max|random|now|today|current_\w+|avg|stddev\w*)\s*\("
)

all_stages = pytest.mark.parametrize("stage", stages().values(), ids=lambda stage: stage.name)


def code(stage: Stage) -> str:
    return re.sub(r"--.*", "", stage.sql)


def views(stage: Stage) -> dict[str, str]:
    shown = {name: name for name in stage.inputs}
    shown |= {f"{name}_history": name for name in stage.history}
    return shown | {f"{name}_before": name for name in stage.before}


@all_stages
def test_the_catalogue_describes_what_the_sql_makes(stage: Stage) -> None:
    with Store(threads=1) as store:
        prepare(store)
        for view, name in views(stage).items():
            store.run(f"create view {view} as {empty_select(name)}")
        for name in stage.context:
            store.run(f"create view {name} as {empty_select(name, CONTEXT_COLUMNS[name])}")
        parameters = {"day": 20000} if "$day" in stage.sql else None
        store.run(f"create table made as {stage.sql}", parameters)
        made = {row[0]: row[1] for row in store.rows("describe made")}
    assert made == table(stage.name).types


@all_stages
def test_every_view_read_is_declared_and_the_reverse(stage: Stage) -> None:
    tree = sqlglot.parse_one(stage.sql, dialect="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {found.name for found in tree.find_all(exp.Table) if found.name} - own
    assert read == set(views(stage)) | set(stage.context)
    assert stage.broadcast <= set(views(stage))


@all_stages
def test_nothing_depends_on_order_machine_or_clock(stage: Stage) -> None:
    assert FORBIDDEN.findall(code(stage)) == []


@all_stages
def test_every_join_window_and_group_holds_the_key(stage: Stage) -> None:
    assert keyless_parts(stage) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select actor, count(*) from sessions group by actor",
        "select sum(reads) over (partition by actor order by day) from sessions",
        "select 1 from sessions inner join flows on sessions.session_id = flows.session_id",
    ],
)
def test_the_key_rule_sees_what_breaks_it(sql: str) -> None:
    assert keyless_parts(replace(stage_named("actor_day"), sql=sql)) != []


def keyless_parts(stage: Stage) -> list[str]:
    tree = sqlglot.parse_one(stage.sql, dialect="duckdb")
    parts = [*tree.find_all(exp.Group), *tree.find_all(exp.Window), *tree.find_all(exp.Join)]
    if stage.key is None:
        return [str(part) for part in parts if not isinstance(part, exp.Group)]
    whole = broadcast_names(tree, stage)
    return [str(part)[:160] for part in parts if not reads_whole(part, whole) and not holds_key(part, stage.key, whole)]


def broadcast_names(tree: exp.Expr, stage: Stage) -> set[str]:
    whole = {*stage.broadcast, *stage.context}
    for cte in tree.find_all(exp.CTE):
        if {found.name for found in cte.this.find_all(exp.Table)} <= whole:
            whole.add(cte.alias)
    return whole


def reads_whole(found: exp.Expr, whole: set[str]) -> bool:
    select = found.find_ancestor(exp.Select)
    assert select is not None
    return {source.name for source in select.find_all(exp.Table)} <= whole


def holds_key(found: exp.Expr, key: str, whole: set[str]) -> bool:
    if isinstance(found, exp.Group):
        return key in {column.name for column in found.find_all(exp.Column)}
    if isinstance(found, exp.Window):
        named = found.args.get("alias")
        over = named_window(found, named.name) if named else found
        return key in {column.name for part in over.args["partition_by"] for column in part.find_all(exp.Column)}
    if found.this.name in whole or isinstance(found.this, exp.Unnest):
        return True
    pairs = found.args["on"].find_all(exp.EQ) if found.args.get("on") else []
    return any({pair.left.name, pair.right.name} == {key} for pair in pairs)


def named_window(found: exp.Expr, name: str) -> exp.Expr:
    select = found.find_ancestor(exp.Select)
    assert select is not None
    windows: list[exp.Window] = select.args["windows"]
    return next(window for window in windows if window.this.name == name)


def test_context_tables_are_known() -> None:
    assert set(CONTEXT_COLUMNS) == CONTEXT_TABLES


def test_model_spec_and_catalogue_agree() -> None:
    spec = ModelSpec.load("exfil-detector")
    assert set(spec.columns) == set(table("session_features").signals)


def test_every_table_has_an_owner_and_every_column_a_meaning() -> None:
    for name, entry in catalog().items():
        assert entry.owner, name
        assert all(column.meaning and column.null and column.type for column in entry.columns), name


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("surprise(1.0)", 0.0),
        ("surprise(.5)", 0.0),  # an even chance surprises nobody
        ("surprise(.05)", math.log(10)),
        ("surprise(1e-9)", 12.0),
        ("above(300, 100, 0)", math.log(3)),
        ("above(99, 100, 0)", 0.0),
        ("above(3, 0, 20)", math.log(23 / 20)),
        ("above(null, null, 1)", 0.0),
        ("above(1e12, 0, 1)", 12.0),
        ("backed_off(3, 9, .5)", 0.35),
        ("backed_off(null, null, .25)", 0.25),
        ("sensitivity_factor(10)", 1.0),
        ("sensitivity_factor(1)", math.sqrt(0.1)),
        ("is_weekend(20515)", False),  # 2026-03-03, a Tuesday
        ("is_weekend(20519)", True),  # 2026-03-07, a Saturday
    ],
)
def test_the_macros_by_hand(expression: str, expected: float) -> None:
    with Store(threads=1) as store:
        prepare(store)
        assert store.value(f"select {expression}") == pytest.approx(expected, abs=1e-12)
