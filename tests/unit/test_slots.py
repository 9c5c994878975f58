"""slots.env: which image and release each slot runs."""

from ops.environment import Slot
from ops.release.slots import Running, Slots, parse


def test_what_is_written_is_read_again():
    slots = Slots(Running("app:1", "r1"), Running("app:2", "r2"))
    assert parse(slots.text()) == slots


def test_a_slot_that_never_ran_is_not_in_the_file():
    text = Slots().with_slot(Slot.GREEN, Running("app:2", "r2")).text()
    assert "GREEN_IMAGE=app:2\nGREEN_RELEASE=r2\n" in text
    assert "BLUE" not in text


def test_an_empty_or_foreign_file_is_no_slots():
    assert parse("") == Slots()
    assert parse("# nothing\n\nhello") == Slots()
