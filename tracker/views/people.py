"""Who asks, by the name under which the views of the project know it."""

from accounts.requests import SignedInRequest

__all__ = ["SignedInRequest"]
