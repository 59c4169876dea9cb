"""What an object store answered, said so that a person can act on it and without a secret in it.

The text of the client's errors holds addresses, request headers and the server's own words, among them key ids and
signed strings; of all that only the error's kind, HTTP status and code are passed on.
"""

import re

from anomaly.errors import AnomalyError, UnreachableError, UsageError

CODE = re.compile(r"<Code>(\w{1,60})</Code>")
STATUS = re.compile(r"status code: (\d{3})")
MISSING = {"NoSuchBucket", "ContainerNotFound", "FilesystemNotFound"}
FORBIDDEN = {"PermissionDeniedError", "UnauthenticatedError"}
METADATA = re.compile(r"169\.254\.169\.254|metadata\.google|169\.254\.170\.2")
"""Addresses that are asked for a machine's own credentials once nothing else gave any."""

CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN), or a role of the machine",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or the machine's service account",
    "az": "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_KEY or AZURE_CLIENT_ID",
}


def said(error: Exception) -> str:
    """Name an error by what is safe to show: its kind, HTTP status and the store's code."""
    text = str(error)
    facts = [f"HTTP {found[1]}" for found in [STATUS.search(text)] if found]
    facts += [found[1] for found in [CODE.search(text)] if found]
    return " ".join(facts) or ("no answer" if "error sending request" in text else type(error).__name__)


def refusal(error: Exception, root: str, scheme: str) -> AnomalyError:
    """Turn an error that holds for a whole bucket into ours.

    Parameters
    ----------
    error
        What the client raised.
    root
        The bucket, such as ``s3://logs``.
    scheme
        ``s3``, ``gs`` or ``az``: whose credentials to speak of.
    """
    text, why = str(error), said(error)
    if isinstance(error, FileNotFoundError) or "HTTP 404" in why or MISSING & set(CODE.findall(text)):
        return UsageError(f"there is no bucket {root} ({why}): check its name, and the account or project it lies in")
    if type(error).__name__ in FORBIDDEN or re.search("HTTP 40[13]", why):
        return UsageError(
            f"{root} refuses these credentials ({why}): give others, in the environment, with {CREDENTIALS[scheme]}"
        )
    if METADATA.search(text):
        return UsageError(f"no credentials for {root} were found: set, in the environment, {CREDENTIALS[scheme]}")
    if re.search(r"HTTP 30\d", why):
        return UsageError(f"{root} lies in another region ({why}): set AWS_REGION to the bucket's own")
    if type(error).__name__ == "InvalidPathError":
        named = re.search(r'Path "(.{1,300}?)" contained', text)
        return UsageError(
            f"{root} holds an object whose name the client cannot read{f', {named[1]!r}' if named else ''}: "
            "it has an empty part or a dot for one; name the folders beside it one by one"
        )
    return UnreachableError(
        f"{root} cannot be reached ({why}), after several tries: what was loaded is kept, run it again to go on"
    )
