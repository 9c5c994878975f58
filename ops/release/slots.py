"""Which image and release each slot runs: the text of `slots.env`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ops.environment import Slot
from ops.facts import Facts
from ops.settings import Settings

HEADER = "# Which image and release each slot runs; written by `inv prod.promote`.\n"


@dataclass(frozen=True)
class Running:
    """What a slot runs: an image's name and a release id; empty when it never ran."""

    image: str = ""
    release: str = ""


@dataclass(frozen=True)
class Slots:
    """Both slots."""

    blue: Running = Running()
    green: Running = Running()

    def __getitem__(self, slot: Slot) -> Running:
        return self.blue if slot is Slot.BLUE else self.green

    def with_slot(self, slot: Slot, running: Running) -> Slots:
        """The same, but for one slot."""
        if slot is Slot.BLUE:
            return replace(self, blue=running)
        return replace(self, green=running)

    def text(self) -> str:
        """The file's text; images and release ids need no quoting."""
        lines = [HEADER]
        for slot in Slot:
            running = self[slot]
            if running.image:
                lines.append(f"{slot.upper()}_IMAGE={running.image}\n")
                lines.append(f"{slot.upper()}_RELEASE={running.release}\n")
        return "".join(lines)


def parse(text: str) -> Slots:
    """What `Slots.text` wrote; lines it did not write are passed over."""
    values: Mapping[str, str] = dict(
        line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#"
    )

    def running(slot: Slot) -> Running:
        return Running(
            values.get(f"{slot.upper()}_IMAGE", ""), values.get(f"{slot.upper()}_RELEASE", "")
        )

    return Slots(running(Slot.BLUE), running(Slot.GREEN))


def serving(facts: Facts, settings: Settings) -> str:
    """The id of the release in the slot that serves; empty before the first promote."""
    live = facts.live_slot(settings)
    return parse(facts.slots_text)[live].release if live else ""
