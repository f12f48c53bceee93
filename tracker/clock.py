"""The clock, by the name under which the rest of the project knows it."""

from accounts.clock import SHANGHAI, now, today

__all__ = ["SHANGHAI", "now", "today"]
