"""PDF with text to text, in a process of its own.

What is drawn is read by `pdf_pages`, put in order by `pdf_layout`. PDFium is native code and unpacks
whatever the file says: a small file can fill the memory or bring the process down. So a child reads it,
with limits on memory and time; what befalls the child is a sentence for the user. The child is this module,
run with the file on standard input; it answers with lines of JSON: [pages done, pages], and last {"text":
…} or {"reason": …}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from .types import UnreadableDocument

MEMORY = 1024 * 1024 * 1024  # bytes of address space
SECONDS = 120  # of computing; 500 pages take less than 20
_TOO_COMPLEX = "PDF 过于复杂或已损坏,读不了。请重新导出 PDF,或上传 Word 原件(docx)"
_ROOT = Path(__file__).resolve().parents[2]


def read_pdf(data: bytes, name: str, *, progress: Callable[[int, int], None] | None = None) -> str:
    """The text of a PDF. `progress` is told pages done and pages in all. Raises `UnreadableDocument`.

    Left out: repeated headers and footers, page numbers, footnotes in smaller print, slanted watermarks.
    """
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    child = subprocess.Popen(
        [sys.executable, "-m", "tracker.parser.readers_pdf"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        try:
            child.stdin.write(data)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it died while reading; it has no answer, which is said below
        for line in child.stdout:
            answer = json.loads(line)
            if isinstance(answer, list):
                if progress is not None:
                    progress(*answer)
            elif "text" in answer:
                return str(answer["text"])
            else:
                raise UnreadableDocument(name, answer["reason"])
        raise UnreadableDocument(name, _TOO_COMPLEX)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def text_of(data: bytes, *, progress: Callable[[int, int], None] | None = None) -> str:
    """The text of a PDF, read in this process. Raises `UnreadableDocument` (with no file name)."""
    from . import grids, pdf_layout
    from .pdf_pages import Page, pages

    def told() -> Iterator[Page]:
        for done, (count, page) in enumerate(drawn):
            if progress is not None:
                progress(done, count)
            if done:
                yield page

    with closing(pages(data)) as drawn:
        try:
            return pdf_layout.text_of(told())
        except grids.TooLarge as error:
            raise UnreadableDocument("", "PDF 里的表格过大。请只保留方案正文再上传") from error


def main() -> None:
    """The child: limits itself, reads the file, answers."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    def say(answer: Any) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    try:
        say({"text": text_of(sys.stdin.buffer.read(), progress=lambda done, count: say([done, count]))})
    except UnreadableDocument as error:
        say({"reason": error.reason})
    except MemoryError:
        say({"reason": _TOO_COMPLEX})


if __name__ == "__main__":
    main()
