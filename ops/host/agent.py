"""The agent on a host: put there when it is missing, asked for facts, given plans."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import ops.agent
from ops.agent.plan import Plan
from ops.errors import OpsError, Refused
from ops.host.base import CommandFailed, Host, Result

Event = Mapping[str, Any]

CANNOT_OPEN = 2  # Python's exit status when the program's file is not there


class Agent:
    """The toolkit's other half, on a host."""

    def __init__(self, host: Host, folder: PurePosixPath) -> None:
        self._host = host
        digest = hashlib.sha256(bundle()).hexdigest()[:12]
        self._path = str(folder / f"agent-{digest}.pyz")

    def facts(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """What is on the host now; see ops/agent/facts.py for the query and the answer."""
        lines = self._call(["facts", json.dumps(query)]).stdout.splitlines()
        # Last, for a shell's start-up file there may print something of its own first.
        answer: dict[str, Any] = json.loads(lines[-1])
        return answer

    def carry_out(self, plan: Plan, on_event: Callable[[Event], None]) -> None:
        """Carry a plan out on the host and hand over its events.

        Raises OpsError when it failed and was taken back, Refused when it was not begun.
        """
        end: dict[str, Any] = {}

        def on_line(line: str) -> None:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "line", "text": line}
            if event["event"] == "end":
                end.update(event)
            else:
                on_event(event)

        self._call(["run", plan.to_json()], on_line=on_line)
        if not end:
            raise OpsError(
                f"the work on {self._host.name} ended without a word",
                "run the same command again; `inv status` shows what is there",
            )
        if end["result"] == "refused":
            raise Refused(end["what"], end["todo"])
        if end["result"] == "failed":
            raise OpsError(end["what"], end["todo"])

    def cancel(self, plan: Plan) -> None:
        """Have a plan that is being carried out taken back, if it has not succeeded yet."""
        self._call(["cancel", plan.state, plan.id])

    def _call(
        self, arguments: Sequence[str], on_line: Callable[[str], None] | None = None
    ) -> Result:
        argv = ["python3", self._path, *arguments]
        result = self._host.run(argv, check=False, on_line=on_line)
        if result.status == CANNOT_OPEN and self._path in result.stderr:
            self._put()
            result = self._host.run(argv, check=False, on_line=on_line)
        if result.status == 127:
            raise OpsError(f"there is no python3 on {self._host.name}", "run `inv host.bootstrap`")
        if not result.ok:
            raise CommandFailed(self._host.name, argv[:3], result)
        return result

    def _put(self) -> None:
        self._host.run(["mkdir", "-p", str(PurePosixPath(self._path).parent)])
        self._host.put(bundle(), self._path)


@cache
def bundle() -> bytes:
    """The agent as one zip file that Python runs; the same bytes for the same sources."""
    package = Path(ops.agent.__file__).parent
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", b"import sys\nfrom ops.agent.__main__ import main\n"
             b"sys.exit(main(sys.argv[1:]))\n")  # fmt: skip
        _add(archive, "ops/__init__.py", b"")
        for path in sorted(package.glob("*.py")):
            _add(archive, f"ops/agent/{path.name}", path.read_bytes())
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)
