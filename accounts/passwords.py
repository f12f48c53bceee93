"""One-time passwords, good for one sign-in, and tokens, by which programs are let in."""

import secrets
from hashlib import sha256

# What is read out to a new colleague: without characters taken for one another on paper
# (0 O o, 1 l I, 2 Z, 5 S, 8 B).
_ALPHABET = "abcdefghjkmnpqrstuvwxyz34679"
_GROUPS, _GROUP_LENGTH = 4, 4
_TOKEN_BYTES = 32


def one_time_password() -> str:
    """Four groups of four characters, about 76 bits; always with a letter and a digit."""
    while True:
        groups = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)]
        word = "-".join(groups)
        if any(c.isdigit() for c in word) and any(c.isalpha() for c in word):
            return word


def new_token() -> str:
    """256 random bits, to be shown once and kept by whoever asked for it."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash is not to be guessed back."""
    return sha256(token.encode()).hexdigest()
