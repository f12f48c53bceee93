"""Deciding and delivering: the writers of ledger and digests."""
