"""User agents, true to each client and its version."""

from dataclasses import dataclass

from anomaly.simulate.draw import Rng, choose, whole

SYSTEMS = (
    ("macos#23.6.0", "Darwin/23.6.0", "arm64", "Macintosh; Intel Mac OS X 10_15_7"),
    ("linux#6.8.0-45-generic", "Linux/6.8.0-45-generic", "x86_64", "X11; Linux x86_64"),
    ("windows#10", "Windows/10", "amd64", "Windows NT 10.0; Win64; x64"),
)
SERVER = "linux#5.10.226-214.880.amzn2.x86_64 md/arch#x86_64"
KERNEL = "Linux/5.10.226-214.880.amzn2.x86_64"
CONSOLE = (
    "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.225-191.878.amzn2int.x86_64 "
    "OpenJDK_64-Bit_Server_VM/25.372-b08 java/1.8.0_372 vendor/Oracle_Corporation cfg/retry-mode/standard]"
)
RUNTIMES = ("AWS_Lambda_python3.11", "AWS_ECS_FARGATE", "EC2")


@dataclass(frozen=True)
class Machine:
    """One person's computer: system and client versions."""

    system: tuple[str, str, str, str]
    cli_major: int
    cli_minor: int
    python: str
    boto: int
    browser: int

    def cli(self, command: str, later: int = 0) -> str:
        """The AWS command line; ``later`` counts upgrades since the start. Version 1 names no command."""
        os2, os1, arch, _ = self.system
        minor = self.cli_minor + later
        if self.cli_major == 1:
            core = f"{minor + 20}.{minor % 7}"
            return f"[aws-cli/1.{minor + 18}.{minor % 7} Python/{self.python} {os1} botocore/1.{core}]"
        if minor < 16:
            return f"[aws-cli/2.{minor}.{minor % 5} Python/3.11.6 {os1} exe/{arch} prompt/off command/{command}]"
        return (
            f"[aws-cli/2.{minor}.{minor % 9} md/awscrt#0.2{minor % 4}.0 ua/2.0 os/{os2} md/arch#{arch} "
            "lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off "
            f"md/command#{command}]"
        )

    def boto3(self, later: int = 0) -> str:
        """A Python script or notebook."""
        os2, _, arch, _ = self.system
        version = f"1.{self.boto + later}.{self.boto % 60}"
        return (
            f"[Boto3/{version} md/Botocore#{version} ua/2.0 os/{os2} md/arch#{arch} lang/python#{self.python} "
            "md/pyimpl#CPython cfg/retry-mode#legacy]"
        )

    def cyberduck(self) -> str:
        """A file browser, or its like on Windows."""
        if "Windows" in self.system[1]:
            version = f"1{self.cli_minor % 3}.{self.cli_minor % 9}.{self.cli_minor % 7}"
            return f"[S3 Browser/{version} (https://s3browser.com)]"
        return f"[Cyberduck/8.{self.cli_minor % 10}.{self.cli_minor % 4}.41603 (Mac OS X/14.6.1) (x86_64)]"

    def rclone(self) -> str:
        """The sync program rclone."""
        return f"[rclone/v1.{60 + self.cli_minor % 9}.{self.cli_minor % 3}]"

    def web(self) -> str:
        """A browser that follows a link."""
        engine = f"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{self.browser}.0.0.0 Safari/537.36"
        return f"[Mozilla/5.0 ({self.system[3]}) {engine}]"


def machine(draw: Rng) -> Machine:
    """Draw a person's computer."""
    return Machine(
        system=choose(draw, SYSTEMS),
        cli_major=1 if draw.random() < 0.2 else 2,
        cli_minor=whole(draw, 24, 9),
        python=f"3.{whole(draw, 13, 9)}.{whole(draw, 9, 1)}",
        boto=whole(draw, 37, 28),
        browser=whole(draw, 132, 121),
    )


def server_boto3(draw: Rng) -> str:
    """A job on a server or in a function."""
    version = f"1.{draw.integers(26, 37)}.{draw.integers(60)}"
    return (
        f"[Boto3/{version} md/Botocore#{version} ua/2.0 os/{SERVER} lang/python#3.{draw.integers(9, 13)}."
        f"{draw.integers(1, 9)} md/pyimpl#CPython exec-env/{choose(draw, RUNTIMES)} cfg/retry-mode#standard]"
    )


def server_java(draw: Rng) -> str:
    """A Java service."""
    return (
        f"[aws-sdk-java/2.{draw.integers(20, 29)}.{draw.integers(60)} {KERNEL} OpenJDK_64-Bit_Server_VM/"
        f"17.0.{draw.integers(5, 13)}+9-LTS Java/17.0.11 vendor/Amazon.com_Inc. io/sync http/Apache "
        "cfg/retry-mode/legacy]"
    )


def server_cli(draw: Rng, command: str) -> str:
    """The command line on a server."""
    return (
        f"[aws-cli/2.{draw.integers(16, 24)}.{draw.integers(9)} md/awscrt#0.21.2 ua/2.0 os/{SERVER} lang/python#3.11.9 "
        "md/pyimpl#CPython exec-env/EC2 cfg/retry-mode#standard md/installer#exe md/prompt#off "
        f"md/command#{command}]"
    )


def spark(draw: Rng) -> str:
    """Spark through the Hadoop S3A connector."""
    return (
        f"[Hadoop 3.3.{draw.integers(2, 7)}, aws-sdk-java/1.12.{draw.integers(500, 760)} {KERNEL} "
        "OpenJDK_64-Bit_Server_VM/17.0.11+9-LTS java/17.0.11 scala/2.12.17 vendor/Amazon.com_Inc. "
        "cfg/retry-mode/legacy]"
    )
