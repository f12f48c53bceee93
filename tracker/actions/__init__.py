"""The only writers. Each function owns its transaction, records what it did, and knows no request."""
