"""An attack by export: a database writes a whole table into a bucket, where it is an object like any other."""

from anomaly.simulate import clients, identity
from anomaly.simulate.caller import Caller
from anomaly.simulate.deeds import Deed, Loot, insiders, moment, named, patience, scripted, take
from anomaly.simulate.draw import Rng, choose, hexes, whole
from anomaly.simulate.org import Org
from anomaly.simulate.wire import Log

DATABASE = "dynamodb.amazonaws.com"
TABLES = ("customers", "payments", "sessions", "orders", "identities")
# a full export takes minutes even of a small table
LEAST_EXPORT_S, MOST_EXPORT_S = 400.0, 1500.0


def s22(org: Org, draw: Rng) -> Deed:
    """A table exported into a bucket that the person may read, then carried home from there."""
    pairs = insiders(org, "documents", "table", "media", "artifacts")
    person, bucket = choose(draw, [pair for pair in pairs if not pair[0].iam] or pairs)
    table, most, waits = choose(draw, TABLES), whole(draw, 220, 24), patience(draw)
    tool, took = scripted(person, draw), float(draw.uniform(LEAST_EXPORT_S, MOST_EXPORT_S))

    def act(log: Log) -> None:
        start = moment(org, person, log)
        place = person.place(log.day, log.draw)
        asker = person.caller(org, log, start, place, "dynamodb.export-table-to-point-in-time")
        export = f"{int(start)}000-{hexes(log.draw, 8)}"
        account = asker.credential.account
        arn = f"arn:aws:dynamodb:{org.region}:{account}:table/{table}"
        asked = {"tableArn": arn, "s3Bucket": bucket.name, "s3BucketOwner": bucket.account}
        answer = {"exportDescription": {"exportArn": f"{arn}/export/{export}", "exportStatus": "IN_PROGRESS"} | asked}
        parts = {"requestParameters": asked, "responseElements": answer}
        log.manage(asker, "dynamodb", "ExportTableToPointInTime", org.region, start, **parts)
        log.amend(bucket=bucket.name)
        items = sorted(
            (f"AWSDynamoDB/{export}/data/{hexes(log.draw, 26)}.json.gz", int(log.draw.lognormal(14, 1)))
            for _ in range(most)
        )
        clients.upload(log, _forwarded(asker, person.principal, person.email, log), bucket, items, start + took / 2)
        reader = person.caller(org, log, start + took, place, named(tool))
        take(log, reader, bucket, Loot(tool, items, waits), start + took + 60)

    return Deed(f"{person.name} exports the table {table} into {bucket.name} and reads it", act)


def _forwarded(asker: Caller, who: identity.User | identity.Role, session: str, log: Log) -> Caller:
    """The database writing in the name of whoever asked; with an IAM user's key it writes under that key."""
    if isinstance(who, identity.User):
        return Caller(asker.credential, DATABASE, DATABASE)
    when, key = log.touches[-1].epoch, identity.temporary_key(log.draw)
    return Caller(identity.by_session(who, session, key, when - 900, invoked_by=DATABASE), DATABASE, DATABASE)
