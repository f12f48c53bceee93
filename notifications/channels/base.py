"""What a channel is: the one interface that delivery knows."""

from typing import Protocol, TypeVar

Row = TypeVar("Row", contravariant=True)


class Channel(Protocol[Row]):
    """A way out of the application for a row that was claimed. A module may be one, as `mail` is.

    The inbox in the application is none: a digest is there as soon as it is planned.
    """

    def send(self, row: Row, /) -> None:
        """Hand it over, once, within a time-out. Raises whatever went wrong."""

    def is_permanent(self, error: Exception, /) -> bool:
        """Whether trying again cannot help."""

    def describe(self, error: Exception, /) -> str:
        """The error in the words of whoever refused, for the page that shows it."""
