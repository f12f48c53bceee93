"""Filling a Word template. As a program (`python -m tracker.papers.render`) it does so for a template that
nobody has vetted: in a process of its own, with limits, knowing nothing but the template and the data.
"""

import base64
import json
import re
import resource
import sys
from io import BytesIO
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

MEMORY = 1024 * 1024 * 1024  # bytes of address space
SECONDS = 5  # of processor time


def _as_it_is(value: Any) -> Any:
    """Text escaped for XML, and so that docxtpl does not take "{_{" in it for its own way of writing "{{"."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup(re.sub(r"([{}%])_", lambda found: f"&#{ord(found[1])};_", escape(value)))


def fill(template: bytes, data: dict[str, Any]) -> bytes:
    """The template with the data in it. Whatever is wrong with the template is raised as it comes.

    A name that the data do not have is an error, not an empty place; text is text, whatever marks it holds.
    """
    document = DocxTemplate(BytesIO(template))
    marks = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined, finalize=_as_it_is)
    document.render(data, marks, autoescape=True)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def main() -> int:
    """Read {"template": base64, "data": ...}, write the document. 1, and why on stderr, for a failure."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    wanted = json.load(sys.stdin)
    try:
        made = fill(base64.b64decode(wanted["template"]), wanted["data"])
    except Exception as error:  # anything at all can be wrong with it
        sys.stderr.write(f"{type(error).__name__}: {error}"[:2000])
        return 1
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
