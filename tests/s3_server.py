"""A server that speaks S3, as a process of its own: moto's, with a log of what was asked of it and faults on demand.

Run as a program it prints its port. ``GET /_asked`` gives what was asked so far as JSON, and forgets it;
``PUT /_page`` takes the keys of one listing, ``PUT /_fault`` ``{"match", "status", "times", "body"}``: so many requests
whose method and path match are answered so.
"""

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Server:
    """The process as a test sees it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIACANARY",
            "AWS_SECRET_ACCESS_KEY": "secret-canary",
            "AWS_REGION": "us-east-1",
        }

    def call(self, method: str, path: str, data: bytes | None = None) -> bytes:
        signed = "AWS4-HMAC-SHA256 Credential=x/20240301/us-east-1/s3/aws4_request"  # tells moto which service is meant
        head = {"Authorization": signed, "Content-Type": "application/octet-stream"}
        request = urllib.request.Request(self.url + urllib.parse.quote(path), data, head, method=method)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())

    def bucket(self, name: str, objects: dict[str, bytes]) -> str:
        """Make a bucket that holds these objects; return its address."""
        self.call("PUT", f"/{name}")
        for key, data in objects.items():
            self.call("PUT", f"/{name}/{key}", data)
        self.asked()
        return f"s3://{name}"

    def asked(self) -> list[str]:
        """Return the requests since the last call: method, path and query."""
        return list(json.loads(self.call("GET", "/_asked")))

    def lists(self) -> int:
        """Count the listings since the last call."""
        return sum("list-type=2" in request for request in self.asked())

    def page(self, size: int) -> None:
        """Give so many keys in one listing from now on."""
        self.call("PUT", "/_page", str(size).encode())

    def fault(self, match: str, status: int, times: int = 1_000, body: str = "") -> None:
        """Let requests fail."""
        fault = {"match": match, "status": status, "times": times, "body": body}
        self.call("PUT", "/_fault", json.dumps(fault).encode())


@contextmanager
def running() -> Iterator[Server]:
    """Start the process; end it with the block."""
    command = [sys.executable, str(Path(__file__))]
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            assert process.stdout is not None
            yield Server(int(process.stdout.readline()))
        finally:
            process.terminate()


class Watched:
    """An application between the server and moto's, which notes requests and answers some itself."""

    def __init__(self, inner: Application) -> None:
        self.inner, self.log, self.fault = inner, list[str](), dict[str, Any](times=0)
        self.page = b"1000"

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        if environ["PATH_INFO"] == "/_asked":
            start("200 OK", [("Content-Type", "application/json")])
            said, self.log = self.log, []
            return [json.dumps(said).encode()]
        if environ["PATH_INFO"] in ("/_fault", "/_page"):
            told = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            if environ["PATH_INFO"] == "/_page":
                self.page = told
            else:
                self.fault = json.loads(told)
            start("200 OK", [])
            return []
        self.log.append(what)
        if "list-type=2" in what:
            environ["QUERY_STRING"] += f"&max-keys={self.page.decode()}"
        if self.fault["times"] and re.search(self.fault["match"], what):
            self.fault["times"] -= 1
            start(f"{self.fault['status']} Fault", [("Content-Type", "application/xml")])
            return [self.fault["body"].encode()]
        return self.inner(environ, start)


class Threaded(ThreadingMixIn, WSGIServer):
    """A thread a request, as several objects are fetched at once."""

    daemon_threads = True
    request_queue_size = 64


def main() -> None:
    """Serve on a free port of this machine until ended."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    application: Any = DomainDispatcherApplication(create_backend_app)
    with make_server("127.0.0.1", 0, Watched(application), server_class=Threaded) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
