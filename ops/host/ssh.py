"""A machine reached over SSH, through one Fabric connection with strict host keys."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import paramiko
from fabric import Config, Connection
from invoke.exceptions import CommandTimedOut, ThreadException, UnexpectedExit
from paramiko.ssh_exception import NoValidConnectionsError

from ops.errors import OpsError
from ops.host.base import CommandFailed, Line, Result
from ops.host.streams import LineStream

CONNECT_TIMEOUT = 10  # seconds
# A connection whose packets vanish is given up after this long, in milliseconds. Keepalives
# alone do not notice it: with 5000 it took about 6 s (measured on the throwaway host).
TCP_USER_TIMEOUT = 10_000


@dataclass(frozen=True)
class Address:
    """Where a host is: what `HOST_<NAME>=user@host:port` says, or an alias of ~/.ssh/config."""

    host: str
    user: str | None = None
    port: int | None = None
    key: Path | None = None
    known_hosts: Path | None = None


class SshHost:
    """A remote machine. The connection is opened at the first command and kept."""

    is_local = False

    def __init__(self, name: str, address: Address) -> None:
        self.name = name
        self._address = address
        self._connection: Connection | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        on_line: Line | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Run a command on the remote machine; see Host.run."""
        connection = self._open()
        stream = LineStream(on_line) if on_line else None
        try:
            done = connection.run(
                shlex.join(argv),
                hide="stderr" if stream else True,
                out_stream=stream,
                warn=True,
                in_stream=False,
                timeout=timeout,
                encoding="utf-8",
            )
        except CommandTimedOut as error:
            raise OpsError(
                f"{argv[0]} did not end within {timeout:g} s on {self.name}",
                f"see whether the host answers: ssh {self._address.host}",
            ) from error
        except (ThreadException, UnexpectedExit, OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost() from error
        if stream:
            stream.finish()
        if done.return_code == -1:  # Fabric's sign for a connection that went away
            raise self._lost()
        result = Result(done.return_code, done.stdout, done.stderr)
        if check and not result.ok:
            raise CommandFailed(self.name, argv, result)
        return result

    def put(self, source: Path | bytes, path: str, *, mode: int = 0o644) -> None:
        """Write a file on the remote machine; see Host.put."""
        connection = self._open()
        temporary = f"{path}.part"
        try:
            if self._sftp is None:
                self._sftp = connection.sftp()
            data = BytesIO(source) if isinstance(source, bytes) else source.open("rb")
            with data:
                # Created with its final mode, so that a secret is never readable by others.
                with suppress(FileNotFoundError):
                    self._sftp.remove(temporary)
                with self._sftp.open(temporary, "wx"):
                    self._sftp.chmod(temporary, mode)
                self._sftp.putfo(data, temporary)
            self._sftp.posix_rename(temporary, path)
        except (OSError, EOFError, paramiko.SSHException) as error:
            if not connection.is_connected:
                raise self._lost() from error
            raise OpsError(
                f"cannot write {path} on {self.name}: {error}",
                "look at the folder's owner and at the free space: df -h",
            ) from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._sftp = None

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> Connection:
        at = self._address
        keys = {"key_filename": str(at.key)} if at.key else {}
        connection = Connection(
            at.host,
            user=at.user,
            port=at.port,
            config=Config(),
            connect_timeout=CONNECT_TIMEOUT,
            connect_kwargs=keys,
        )
        # Fabric's default is to trust whatever key answers; an unknown one is refused here, and
        # on every jump host on the way.
        hop = connection
        while isinstance(hop, Connection):
            hop.client.load_system_host_keys()
            if at.known_hosts and at.known_hosts.exists():
                hop.client.load_system_host_keys(str(at.known_hosts))
            hop.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            hop = hop.gateway
        try:
            connection.open()
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._refused(error, connection) from error
        transport = connection.transport
        transport.set_keepalive(5)
        with suppress(AttributeError, OSError):  # not every system, nor a proxy's pipe, has it
            transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT)
        return connection

    def _refused(self, error: Exception, connection: Connection) -> OpsError:
        host, port = connection.host, connection.port
        where = f"{host}:{port}"
        fingerprint = f"ssh-keyscan -p {port} {host} | ssh-keygen -lf -"
        known = self._address.known_hosts or "~/.ssh/known_hosts"
        if isinstance(error, paramiko.BadHostKeyException):
            return OpsError(
                f"the host key of {where} is not the one in {known}",
                "do not go on unless you know why it changed; the key that answers now: "
                f"{fingerprint}",
            )
        if isinstance(error, paramiko.AuthenticationException):
            key = self._address.key or "your SSH agent's keys and those in ~/.ssh"
            return OpsError(
                f"{where} does not let {connection.user} in with {key}",
                "set SSH_KEY to the right private key, or add its public half to "
                f"~{connection.user}/.ssh/authorized_keys there",
            )
        if "not found in known_hosts" in str(error):
            return OpsError(
                f"the host key of {where} is unknown",
                f"compare its fingerprint with the host's own, then add it to {known}: "
                f"{fingerprint}",
            )
        if isinstance(error, socket.gaierror):
            return OpsError(
                f"the host name {host} does not resolve",
                f"correct HOST_{self.name.upper()} in .env, or HostName in ~/.ssh/config",
            )
        if isinstance(error, NoValidConnectionsError | ConnectionRefusedError):
            return OpsError(
                f"nothing accepts SSH connections at {where}",
                "start sshd there, or correct the port and the firewall (security group)",
            )
        return OpsError(
            f"no SSH connection to {where}: {error or type(error).__name__}",
            f"see what it says: ssh -v -p {port} {connection.user}@{host}",
        )

    def _lost(self) -> OpsError:
        self._connection = self._sftp = None
        return OpsError(
            f"the SSH connection to {self.name} was lost",
            "what was begun on the host goes on there; run the same command again to see it",
        )
