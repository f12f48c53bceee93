"""Charts without pictures: strokes on a ground of their own colour make a solid bar in any font.

Not blanks: what draws documents leaves out the ground of blanks at the end of a line. Read aloud or copied,
the strokes are still a bar.
"""

WIDTH = 48
STROKE = "|"


def bar(count: int, longest: int) -> str:
    """As many strokes of WIDTH as `count` is of `longest`, but at least one where there is anything."""
    return STROKE * max(1, count * WIDTH // longest) if count and longest else ""
