"""Plan documents to tasks: plain Python, no clock, no database.

`parse_file` and `parse_text` return a frozen `ParsedPlan`; `python -m tracker.parser FILE` prints it as JSON.
"""

from .assemble import parse_file, parse_text
from .types import ParsedPlan, UnreadableDocument

__all__ = ["ParsedPlan", "UnreadableDocument", "parse_file", "parse_text"]
