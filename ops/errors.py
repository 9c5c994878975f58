"""What can go wrong, one class for each exit status of the command line."""


class OpsError(Exception):
    """The work failed, and production is as it was. Exit status 1.

    what: one line, what is wrong and where.
    todo: one line, what the person can do about it.
    """

    status = 1

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.what}\n  {self.todo}"


class SettingsError(OpsError):
    """A setting, or how the command was called, is wrong. Exit status 2."""

    status = 2


class Refused(OpsError):
    """A gate said no and nothing was changed. Exit status 3."""

    status = 3
