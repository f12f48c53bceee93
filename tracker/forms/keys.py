"""Primary keys as addresses and forms carry them."""

LONGEST_KEY = 18  # digits that surely fit the database's integers


def key_of(text: str) -> int | None:
    """The key that `text` names, or None where it cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY else None
