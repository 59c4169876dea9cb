"""Where an approved workflow may send data: one cell, read into a type and a value."""

from anomaly.context import checks
from anomaly.errors import nearest

# Each form's prefix, its type, and the check of what follows the prefix.
FORMS: dict[str, tuple[str, checks.Check]] = {
    "aws-account:": ("aws-account", checks.aws_account),
    "gcp-project:": ("gcp-project", checks.word),
    "azure-account:": ("azure-account", checks.word),
    "s3://": ("bucket", lambda value: checks.bucket("aws", value)),
    "gs://": ("gcs-bucket", lambda value: checks.bucket("gcp", value)),
    "cidr:": ("cidr", checks.cidr),
    "ip:": ("ip", checks.address),
}
WORDS = ("internal", "internet", "none", "any")
SHOWN = "aws-account:N, gcp-project:P, azure-account:A, s3://BUCKET, gs://BUCKET, cidr:C, ip:A, " + ", ".join(WORDS)


def split_destination(destination: str) -> tuple[str, str | None]:
    """Return the type and value of a destination; raises ValueError on a form that is none of the known ones."""
    if destination in WORDS:
        return destination, None
    for prefix, (kind, check) in FORMS.items():
        if destination.startswith(prefix):
            return kind, _value(prefix, check, destination.removeprefix(prefix))
    hint = nearest(destination.lower(), (*FORMS, *WORDS))
    raise ValueError(f"is not one of {SHOWN}" + (f"; {hint}" if hint.startswith("did") else ""))


def _value(prefix: str, check: checks.Check, value: str) -> str:
    if not value:
        raise ValueError(f"names nothing after {prefix}")
    try:
        return str(check(value))
    except ValueError as error:
        raise ValueError(f"after {prefix}: {value!r} {error}") from None


def destination(value: str) -> str:
    """Check a destination cell and return it as written."""
    split_destination(value)
    return value
