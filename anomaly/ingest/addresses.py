"""What an address is, read off its text: DuckDB has no type for one without an extension."""

IP_ADDRESS = r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$|^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$"

NOT_OUTSIDE = (
    r"^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\."
    r"|22[4-9]\.|2[3-5]\d\.)|^(?:::1?$|(?i:fe[89ab]|f[cd]|ff))"
)
"""Addresses that no internet traffic goes to: private (RFC 1918, 4193), shared (RFC 6598), link-local, loopback,
multicast and reserved."""
