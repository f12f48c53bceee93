"""One-time passwords: what a coordinator reads out to a new colleague, good for one sign-in."""

import secrets

# Without characters that are taken for one another on paper (0 O o, 1 l I, 2 Z, 5 S, 8 B).
_ALPHABET = "abcdefghjkmnpqrstuvwxyz34679"
_GROUPS, _GROUP_LENGTH = 4, 4


def one_time_password() -> str:
    """Four groups of four characters, about 76 bits; always with a letter and a digit."""
    while True:
        groups = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)]
        word = "-".join(groups)
        if any(c.isdigit() for c in word) and any(c.isalpha() for c in word):
            return word
