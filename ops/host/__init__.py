"""The one place of the toolkit that runs commands: on this machine, or over SSH."""

from ops.host.base import CommandFailed, Host, Result
from ops.host.connect import connect

__all__ = ["CommandFailed", "Host", "Result", "connect"]
