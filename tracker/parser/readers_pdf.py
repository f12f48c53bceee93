"""PDF with text to text. What is drawn is read by `pdf_pages`, put in order by `pdf_layout`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

from . import grids, pdf_layout
from .pdf_pages import Page, pages
from .types import UnreadableDocument


def read_pdf(data: bytes, name: str, *, progress: Callable[[int, int], None] | None = None) -> str:
    """The text of a PDF. `progress` is told pages done and pages in all. Raises `UnreadableDocument`.

    Left out: repeated headers and footers, page numbers, footnotes in smaller print, slanted watermarks.
    """

    def told() -> Iterator[Page]:
        for done, (count, page) in enumerate(drawn):
            if progress is not None:
                progress(done, count)
            if done:
                yield page

    with closing(pages(data, name)) as drawn:
        try:
            return pdf_layout.text_of(told())
        except grids.TooLarge as error:
            raise UnreadableDocument(name, "PDF 里的表格过大。请只保留方案正文再上传") from error
