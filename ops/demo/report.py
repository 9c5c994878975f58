"""What a load saw, summed up. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Record:
    """One request, from the instant it was due. Times in seconds on the monotonic clock.

    error is empty for an answer in time with a status below 400.
    """

    kind: str
    begin: float
    seconds: float
    status: int
    error: str = ""
    release: str = ""

    @property
    def end(self) -> float:
        """When its answer was complete."""
        return self.begin + self.seconds


@dataclass(frozen=True)
class Stream:
    """One event stream, from opening to end. cut: it ended without the app saying so."""

    begin: float
    seconds: float
    events: int
    cut: bool


@dataclass(frozen=True)
class Phase:
    """A named stretch of time, on the same clock as the records."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Summary:
    """A phase in figures. Times in milliseconds; None where there was no request."""

    name: str
    sent: int
    failed: int
    reasons: dict[str, int]
    longest_gap: float | None
    p50: float | None
    p99: float | None


def summarize(records: Sequence[Record], phase: Phase) -> Summary:
    """The figures of the requests that were due in a phase."""
    inside = [one for one in records if phase.begin <= one.begin < phase.end]
    good = [one for one in inside if not one.error]
    reasons = Counter(f"{one.kind}: {one.error}" for one in inside if one.error)
    # The slow kind is slow on purpose and would hide what happens to the others.
    times = sorted(one.seconds * 1000 for one in good if one.kind != "slow")
    return Summary(
        phase.name,
        len(inside),
        len(inside) - len(good),
        dict(reasons),
        longest_gap([one.end for one in good]),
        percentile(times, 0.50),
        percentile(times, 0.99),
    )


def longest_gap(ends: Sequence[float]) -> float | None:
    """The longest time between two successful answers one after the other, in milliseconds."""
    ordered = sorted(ends)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    return max(gaps) * 1000 if gaps else None


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value that a share of the sorted values does not exceed (nearest rank)."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]
