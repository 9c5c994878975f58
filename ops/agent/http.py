"""Requests from the host: to a container directly, and through the edge as a client would."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from typing import Any, Optional, Tuple

from ops.agent.shell import Failed, output

EDGE_ROOT = "/data/caddy/pki/authorities/local/root.crt"  # Caddy's own CA, in its container
ADMIN = "http://127.0.0.1:2019"  # the edge's admin API, reachable only inside its container

Answer = Tuple[int, bytes]


class _Edge(http.client.HTTPConnection):
    """A connection to the edge on this host that names the site's domain, in TLS too."""

    def __init__(self, domain: str, port: int, context: Optional[ssl.SSLContext], timeout: float):
        super().__init__(domain, port, timeout=timeout)
        self._context = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = (
            self._context.wrap_socket(plain, server_hostname=self.host) if self._context else plain
        )


def get(address: str, port: int, path: str, timeout: float) -> Answer:
    """Status and body of a plain GET; raises OSError or http.client.HTTPException."""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read(65536)
    finally:
        connection.close()


def get_through_edge(
    domain: str, port: int, path: str, context: Optional[ssl.SSLContext], timeout: float
) -> Answer:
    """Status and body of a GET for a domain through the edge on this host.

    Raises OSError (ssl.SSLError among them) or http.client.HTTPException.
    """
    connection = _Edge(domain, port, context, timeout)
    try:
        connection.request("GET", path, headers={"Host": domain, "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read(65536)
    finally:
        connection.close()


def trust(tls: str, edge: str, ca_file: str) -> ssl.SSLContext:
    """What to trust when asking the edge: its own CA, a named root, or the host's.

    Raises Failed when the edge's own CA cannot be read.
    """
    if tls == "internal":
        status, pem = output(["docker", "exec", edge, "cat", EDGE_ROOT])
        if status != 0:
            raise Failed(
                "the edge has no certificate authority yet",
                "look at its log: docker logs %s" % edge,
            )
        return ssl.create_default_context(cadata=pem)
    return ssl.create_default_context(cafile=ca_file or None)


def in_flight(edge: str, upstream: str) -> int:
    """How many requests the edge has in flight to an upstream (`name:port`).

    Raises Failed when the edge does not tell.
    """
    argv = ["docker", "exec", edge, "wget", "-q", "-O", "-", ADMIN + "/reverse_proxy/upstreams"]
    status, text = output(argv)
    if status != 0:
        raise Failed("the edge does not tell its requests in flight", text.strip() or "no answer")
    counted = 0
    for entry in json.loads(text):
        if entry.get("address") == upstream:
            counted += int(entry.get("num_requests", 0))
    return counted


def release_of(body: bytes) -> str:
    """The release id in a health answer (JSON with a `release`); empty when there is none."""
    try:
        value: Any = json.loads(body.decode("utf-8"))
    except ValueError:
        return ""
    return str(value.get("release", "")) if isinstance(value, dict) else ""
