"""The report on one session as headed lines of text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from anomaly.confidence import in_confidence
from anomaly.listing import iso_day, known_bytes
from anomaly.words import in_bytes, in_count, in_list, in_rate, visible

Record = Mapping[str, Any]
Section = tuple[str, list[str]]
SHOWN = 8
SIGNALS = 12


def sections(report: Record) -> Iterator[Section]:
    """Yield heading and lines for each thing a responder asks, from a report of ``investigate``."""
    yield f"Session {report['session_id']}", _summary(report)
    yield "Why it is unusual", [f"- {visible(reason)}" for reason in report["why"]["reasons"]] or ["nothing unusual"]
    yield "What would have kept it off the queue", [report["counterfactual"]["says"]]
    yield "Signals (0 is nothing unusual, 12 the most)", _signals(report["why"]["signals"])
    yield "Measured against", _pairs((each["meaning"], _value(each)) for each in report["why"]["baseline"])
    yield "Who", _who(report)
    yield "From where", [_source(each) for each in report["sources"][:SHOWN]] + _more(report["sources"])
    yield "With what", [_client(each) for each in report["clients"][:SHOWN]] + _more(report["clients"])
    yield "Which data", _data(report)
    yield (
        "Where to",
        [_destination(each) for each in report["destinations"][:SHOWN]]
        or ["no destination is named: what was read went to the caller"],
    )
    yield "How much", _volume(report["volume"])
    yield "Approved workflow", _workflow(report["workflow"])
    yield "Timeline (UTC, by ten minutes)", [_step(each) for each in report["timeline"]]
    yield (
        "Evidence (log file: records from 0)",
        [_evidence(each) for each in report["evidence"][:SHOWN]] + _more(report["evidence"]),
    )


def _summary(report: Record) -> list[str]:
    score, case, sure = report["score"], report["case"], report["confidence"]
    place = "covered by a workflow, not ranked" if case["case_rank"] is None else f"rank {case['case_rank']}"
    others = case["other_sessions"]
    lines = [
        f"{report['start']} to {report['end']}",
        f"case of {report['day']}: {place}{', an alert' if case['alert'] else ''}",
        f"score {score['score']:.4f}, session rank {score['rank']}; {in_rate(score['expected_per_day'])} cases "
        f"as unusual for their kind are expected on an ordinary day (probability {score['tail_probability']:.2g}, "
        f"q-value {score['q_value']:.2g}); model version {score['model_version']}",
        in_confidence(sure["value"], sure["gaps"]),
        "ATT&CK: " + ", ".join(f"{each['technique']} {each['name']}" for each in report["attack"]),
    ]
    if others:
        shown = in_list([f"{each['session_id'][:10]} (rank {each['rank']})" for each in others], SHOWN)
        lines.append(f"other sessions of the case: {shown}")
    return lines


def _signals(signals: Sequence[Record]) -> list[str]:
    width = max((len(each["signal"]) for each in signals), default=0)
    lines = [f"{each['value']:5.2f}  {each['signal']:<{width}}  {visible(each['says'])}" for each in signals[:SIGNALS]]
    return lines + _more(signals, SIGNALS)


def _value(entry: Record) -> str:
    value = entry["value"]
    if value is None:
        return "nothing on record"
    if entry["unit"] == "bytes":
        return in_bytes(value)
    if entry["unit"].startswith("days since"):
        return iso_day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return in_count(value) if isinstance(value, int) else visible(str(value))


def _who(report: Record) -> list[str]:
    told = report["who"]
    second_factor = {True: "yes", False: "no", None: "not logged"}[told["mfa"]]
    facts = [
        ("identity", visible(told["identity"])),
        ("kind", told["identity_kind"]),
        ("account", f"{told['identity_account'] or 'not logged'} ({told['identity_relation']})"),
        ("role session", visible(told["session_name"] or "none")),
        ("behind it", visible(told["role_chain"] or "not logged")),
    ]
    if told["origins"]:
        facts.append(("start of the chain", in_list(told["origins"])))
    # a machine has no second factor to show
    if told["identity_kind"] not in ("workload", "service"):
        facts.append(("second factor", second_factor))
    return _pairs(facts) + [_credential(each) for each in report["credentials"][:SHOWN]] + _more(report["credentials"])


def _credential(entry: Record) -> str:
    key = visible(entry["access_key_id"] or "no key logged")
    lifetime = f" ({entry['lifetime']})" if entry["lifetime"] else ""
    return f"credential {key}{lifetime}: {in_count(entry['acts'])} acts, {entry['first']} to {entry['last']}"


def _source(entry: Record) -> str:
    parts = [entry["source_ip"] or "no address", entry["network"], entry["network_kind"], entry["country"]]
    endpoint = f" through endpoint {visible(entry['via_endpoint'])}" if entry["via_endpoint"] else ""
    place = ", ".join(visible(part) for part in parts if part)
    return f"{place}{endpoint}: {in_count(entry['acts'])} acts, {_read(entry)}"


def _client(entry: Record) -> str:
    return f"{visible(entry['tool'])}: {in_count(entry['acts'])} acts ({visible(entry['user_agent'] or 'not logged')})"


def _data(report: Record) -> list[str]:
    buckets, objects = report["buckets"], report["objects"]
    lines = [_bucket(each) for each in buckets[:SHOWN]] + _more(buckets)
    lines.append(
        f"{in_count(objects['taken'])} distinct objects taken; the largest:" if objects["largest"] else "no object"
    )
    return lines + [_object(each) for each in objects["largest"]]


def _bucket(entry: Record) -> str:
    names = ("reads", "copies", "shares", "writes", "deletes", "looks", "denied")
    counts = ", ".join(_counted(entry[name], name) for name in names if entry[name])
    owner = f", owner {visible(entry['owner'])}" if entry.get("owner") else ""
    return f"{visible(entry['bucket'])} ({entry['sensitivity']}{owner}): {counts}; {_read(entry)}"


def _read(entry: Record) -> str:
    size = known_bytes(entry)
    if entry["reads"] == 0:
        return "nothing read"
    if size is None:
        return "bytes unknown (the log has none)"
    return f"{'at least ' if entry['reads_without_bytes'] else ''}{in_bytes(size)} read"


def _counted(count: int, name: str) -> str:
    one = {"copies": "copy"}.get(name, name.removesuffix("s"))
    return f"{in_count(count)} {one if count == 1 else name}"


def _object(entry: Record) -> str:
    size = "size unknown" if entry["bytes_read"] is None else in_bytes(entry["bytes_read"])
    return f"  {entry['first']}  {size:>12}  {visible(entry['bucket'])}/{visible(entry['object_key'])}"


def _destination(entry: Record) -> str:
    names = ("copies", "shares", "writes", "failed")
    counts = ", ".join(_counted(entry[name], name) for name in names if entry[name]) or "no act of moving"
    account = f", account {entry['account']}" if entry["account"] else ""
    objects = in_count(entry["objects"])
    return f"{visible(entry['destination'])} ({entry['relation']}{account}): {counts}, {objects} objects"


def _volume(volume: Record) -> list[str]:
    size = volume["bytes_read"]
    unsized = volume["reads_without_bytes"]
    read = "unknown: the log gives no size" if size is None else in_bytes(size)
    note = f" and {in_count(unsized)} reads of unknown size" if unsized and size is not None else ""
    counts = {name: value for name, value in volume.items() if name not in ("bytes_read", "reads_without_bytes")}
    facts = [(name, in_bytes(value) if name == "bytes_written" else in_count(value)) for name, value in counts.items()]
    return _pairs([("bytes read", read + note), *((name.replace("_", " "), text) for name, text in facts)])


def _workflow(entry: Record) -> list[str]:
    lines = [f"{entry['state']}" + (f" ({visible(entry['workflow_id'])})" if entry["workflow_id"] else "")]
    if approved := entry["approved"]:
        lines.append(
            "approved: " + ", ".join(f"{name} {visible(str(value))}" for name, value in approved.items() if value)
        )
    return [*lines, f"difference: {visible(entry['difference'])}"]


def _step(entry: Record) -> str:
    where = visible(entry["bucket"] or "") if entry["buckets"] <= 1 else f"{entry['buckets']} buckets"
    size = f", {in_bytes(entry['bytes_read'])}" if entry["bytes_read"] else ""
    outcome = "" if entry["outcome"] == "ok" else f" {entry['outcome'].upper()}"
    span = f"{entry['first'][11:19]} to {entry['last'][11:19]}"
    return (
        f"{span}  {entry['operation']:<9} {in_count(entry['acts']):>7} x {visible(entry['api'])}{outcome} {where}{size}"
    )


def _evidence(entry: Record) -> str:
    return f"{visible(entry['file'])}: {', '.join(str(each) for each in entry['ordinals'])}" + (
        f" and {in_count(entry['records'] - len(entry['ordinals']))} more"
        if entry["records"] > len(entry["ordinals"])
        else ""
    )


def _pairs(facts: Iterable[tuple[str, str]]) -> list[str]:
    pairs = list(facts)
    width = max((len(name) for name, _ in pairs), default=0)
    return [f"{name:<{width}}  {value}" for name, value in pairs]


def _more(entries: Sequence[object], shown: int = SHOWN) -> list[str]:
    return [f"and {len(entries) - shown:,} more"] if len(entries) > shown else []
