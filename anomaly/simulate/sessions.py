"""CloudTrail's further rows about sessions: who was handed which credential, and what an endpoint saw of a call."""

import json
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from anomaly.simulate import identity
from anomaly.simulate.caller import Caller, Credential
from anomaly.simulate.draw import UPPER, rng, stamp, text, uuid
from anomaly.simulate.forms import CLOUDTRAIL
from anomaly.simulate.org import Org
from anomaly.simulate.row import Row
from anomaly.simulate.shares import assumed, handed
from anomaly.simulate.wire import Log, Seen

INSTANCES, TASKS = "ec2.amazonaws.com", "ecs-tasks.amazonaws.com"
# jobs whose role is taken on by another role, that of the scheduler
CHAINED = ("nightly-backup", "legacy-export")
SCHEDULER = "scheduler"
# a call as the endpoint saw it: no bytes, no agent, no answer
NETWORK = (
    '{"eventVersion":"1.10","userIdentity":%s,"eventTime":"%s","eventSource":"s3.amazonaws.com","eventName":"%s",'
    '"awsRegion":"%s","sourceIPAddress":"%s","requestParameters":{"bucketName":"%s","key":"%s"},'
    '"responseElements":null,"requestID":"%s","eventID":"%s","readOnly":%s,"eventType":"AwsVpceEvent",'
    '"recipientAccountId":"%s","vpcEndpointId":"%s","vpcEndpointAccountId":"%s","eventCategory":"NetworkActivity"}'
)


def further(org: Org, log: Log, name: str, campaign: bool) -> Log:
    """The further rows of an actor's day, in a log of their own so that they move none of the others.

    Of a campaign only people's sign-ons are written: a workload's credential was handed out in its own day.
    """
    more = org.log(f"further-{name}", log.day)
    for caller in log.used.values():
        who = json.loads(caller.credential.json)
        if who["type"] == "AssumedRole" and "invokedBy" not in who:
            hand_out(org, more, caller, who, campaign)
    for call in log.seen:
        more.rows.append(_network(call))
    return more


def hand_out(org: Org, log: Log, caller: Caller, who: dict[str, Any], campaign: bool) -> None:
    """Record how a session got its credential, where that was on this day."""
    context, session = who["sessionContext"], caller.credential.session_name
    created = _epoch(context["attributes"]["creationDate"])
    if not org.at(log.day, 0) <= created < org.at(log.day + 1, 0):
        return
    issuer = context["sessionIssuer"]
    path = issuer["arn"].split(":role", 1)[1].removesuffix(issuer["userName"])
    role = identity.Role(issuer["userName"], issuer["accountId"], issuer["principalId"], path)
    by, api = _giver(org, log, caller, who, role, created), _api(who)
    if campaign and api != "AssumeRoleWithSAML":
        return
    log.manage(
        by,
        "sts",
        api,
        org.region,
        created,
        recipientAccountId=role.account,
        requestParameters={"roleArn": role.arn, "roleSessionName": session, "durationSeconds": 3600},
        responseElements=handed(role, session, who["accessKeyId"], created),
        resources=[{"accountId": role.account, "type": "AWS::IAM::Role", "ARN": role.arn}],
        readOnly=True,
    )


def _api(who: dict[str, Any]) -> str:
    if "webIdFederationData" in who["sessionContext"]:
        return "AssumeRoleWithWebIdentity"
    name = who["sessionContext"]["sessionIssuer"]["userName"]
    return "AssumeRoleWithSAML" if name.startswith("AWSReservedSSO_") else "AssumeRole"


def _giver(org: Org, log: Log, caller: Caller, who: dict[str, Any], role: identity.Role, when: int) -> Caller:
    """The caller who asks for a session's credential."""
    api, address = _api(who), caller.origin or caller.address
    if api == "AssumeRoleWithSAML":
        source, user = f"{org.name}-sso", caller.credential.session_name
        return Caller(_federated("SAMLUser", f"{source}:{user}", user, source), address, caller.agent)
    if api == "AssumeRoleWithWebIdentity":
        issuer = who["sessionContext"]["webIdFederationData"]["federatedProvider"]
        user = f"repo:{org.name}/app:ref:refs/heads/main"
        person = f"{issuer}:sts.amazonaws.com:{user}"
        return Caller(_federated("WebIdentityUser", person, user, issuer), address, caller.agent)
    service = INSTANCES if "ec2RoleDelivery" in who["sessionContext"] else TASKS
    giver = Caller(identity.by_service(service), service, service)
    if not any(job in role.name for job in CHAINED):
        return giver
    draw = rng(org.seed, SCHEDULER, role.account)
    first = identity.Role(f"{org.name}-{SCHEDULER}-role", role.account, "AROA" + text(draw, 17, UPPER))
    taken = assumed(org, log, giver, first, SCHEDULER, when - 1)
    return Caller(taken.credential, caller.address, caller.agent)


def _federated(kind: str, principal: str, user: str, provider: str) -> Credential:
    who = {"type": kind, "principalId": principal, "userName": user, "identityProvider": provider}
    return Credential(f"{provider}/{user}", "", "", json.dumps(who, separators=(",", ":")))


def _network(call: Seen) -> Row:
    caller, api, bucket, when, key, request, event = call
    # the row has an event id of its own; drawing it would move what the call's log draws next
    name = uuid(blake2b(event.encode(), digest_size=16).hexdigest())
    owner, reads = caller.endpoint_account, "false" if api == "PutObject" else "true"
    filled = (
        caller.credential.json,
        stamp(when),
        api,
        bucket.region,
        caller.address,
        bucket.name,
        key,
        request,
        name,
        reads,
    )
    return Row(when, CLOUDTRAIL, (owner, bucket.region), NETWORK % (*filled, owner, caller.endpoint, owner))


def _epoch(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
