"""What would have to be otherwise in the world for a signal to be usual: each signal's levers, in words.

The words go on from "had it …". A lever takes its signals to 0, what they are on a usual day; ``VOLUME`` is a matter
of degree (fewer bytes and objects), and the signals that count them move with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lever:
    """A change an analyst can picture, and the signals that would be usual after it."""

    words: str
    signals: tuple[str, ...]


VOLUME = "volume"
COUNTED = (
    "volume_bytes_own",
    "volume_objects_own",
    "volume_bytes_kind",
    "volume_objects_kind",
    "volume_rate_own",
    "volume_bytes_slow",
    "volume_objects_slow",
    "volume_bytes_bucket",
    "volume_objects_bucket",
    "process_sweep_own",
    "sensitivity_bytes_own",
    "sensitivity_bytes_kind",
    "workflow_envelope",
)
"""What falls when the same session is thinned. Rises with it too, but is kept as it is: the bound is then safe
(destination_outside by the objects copied, destination_egress by what was read, timing_length_own)."""

LEVERS = {
    "network": Lever(
        "come from a network it used before",
        (
            "source_network_new",
            "source_country_new",
            "source_off_network",
            "source_endpoint_outside",
            "sensitivity_network_new",
        ),
    ),
    "client": Lever("used a client it used before", ("source_tool_new",)),
    "credential": Lever("signed with an access key it used before", ("source_credential_new",)),
    "origin": Lever("been used by someone who stood behind it before", ("source_origin_new",)),
    "dormant": Lever("been at work in the week before", ("source_dormant",)),
    "hours": Lever("worked on its usual days and hours", ("timing_hour_own", "timing_weekend_own")),
    "length": Lever("lasted no longer than its own sessions before", ("timing_length_own",)),
    "slow": Lever(
        "taken no more from one bucket in 14 days than in as long a time before",
        ("volume_bytes_slow", "volume_objects_slow", "timing_habit_new"),
    ),
    "destination": Lever(
        "sent nothing to an outside or new place",
        ("destination_new", "destination_outside", "destination_upload", "workflow_elsewhere"),
    ),
    "egress": Lever(
        "seen no more leave its hosts for outside than usual", ("destination_egress", "destination_egress_new")
    ),
    "bucket": Lever("kept to buckets it used before", ("process_bucket_new", "sensitivity_actor_new")),
    "sweep": Lever("read no more in key order than before", ("process_sweep_own",)),
    "probe": Lever("looked into no more buckets than before", ("process_probe_own",)),
    "denied": Lever("been refused no more often than before", ("process_denied_own",)),
    "secrets": Lever("left alone what is named like credentials or dumps", ("process_secrets_own",)),
    "delete": Lever("deleted no more than before", ("process_delete_own",)),
    "restore": Lever("restored no more from the archive than before", ("process_restore_own",)),
    "logging": Lever("left the logging as it was", ("process_logging",)),
    "review": Lever("come before its workflow's review date", ("workflow_expired",)),
    "role": Lever("been a role expected to move data (IAMRoleContext)", ("workflow_role",)),
}
"""One thing each; asked first."""

WIDE = {
    "ways": Lever(
        "come from a network, client and key that it used in the week before",
        (
            *LEVERS["network"].signals,
            *LEVERS["client"].signals,
            *LEVERS["credential"].signals,
            *LEVERS["origin"].signals,
            *LEVERS["dormant"].signals,
        ),
    ),
    "times": Lever("kept to its usual days, hours and length", (*LEVERS["hours"].signals, *LEVERS["length"].signals)),
    "outside": Lever(
        "let nothing go to an outside or new place, directly or from its hosts",
        (*LEVERS["destination"].signals, *LEVERS["egress"].signals),
    ),
    "doings": Lever(
        "gone about it as on other days, in buckets it used before",
        (
            *LEVERS["bucket"].signals,
            *LEVERS["sweep"].signals,
            *LEVERS["probe"].signals,
            *LEVERS["denied"].signals,
            *LEVERS["secrets"].signals,
            *LEVERS["delete"].signals,
            *LEVERS["restore"].signals,
            *LEVERS["logging"].signals,
        ),
    ),
    # nothing public is sensitive: every signal that sensitivity multiplies is 0 of it
    "public": Lever(
        "touched public data only",
        (
            "volume_bytes_slow",
            "volume_objects_slow",
            "timing_habit_new",
            "destination_outside",
            "destination_egress",
            "destination_egress_new",
            "sensitivity_bytes_own",
            "sensitivity_bytes_kind",
            "sensitivity_actor_new",
            "sensitivity_network_new",
            "workflow_elsewhere",
            "workflow_expired",
            "workflow_none",
            "workflow_role",
        ),
    ),
}
"""Much at once, about a family each; asked beside the others where no three of those do it."""

WIDEST = {
    "circumstances": Lever(
        "come as it does on other days: its network, client, key, hours and length",
        (*WIDE["ways"].signals, *WIDE["times"].signals),
    ),
}
"""Asked last."""
EVERY = LEVERS | WIDE | WIDEST
