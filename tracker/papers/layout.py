"""Makes our own templates: `python -m tracker.papers.layout` writes them into tracker/papers/defaults.

A4 and the look of official documents (GB/T 9704-2012): margins of 37, 35, 28 and 26 mm, text of 16 points
(三号) in 仿宋, 28 points from line to line, the page number between dashes on the outer side. The fonts are
named as offices have them; the font table says what may stand in where they are missing.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from tracker.papers.kinds import Paper
from tracker.papers.templates import DEFAULTS

BODY, TITLE, HEADING = "仿宋_GB2312", "方正小标宋简体", "黑体"
STAND_INS = {
    BODY: "仿宋,FangSong,宋体,Noto Serif CJK SC",
    TITLE: "方正小标宋_GBK,宋体,SimSun,Noto Serif CJK SC",
    HEADING: "SimHei,微软雅黑,Noto Sans CJK SC",
    "宋体": "SimSun,Noto Serif CJK SC",
}
RED, GREY = RGBColor(0xC0, 0x00, 0x00), RGBColor(0x59, 0x59, 0x59)
LINE = Pt(28)
TEXT_WIDTH = 156  # mm

Centre, Right = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def _font(run: Any, name: str, size: float, *, bold: bool = False, colour: RGBColor | None = None) -> None:
    run.font.name, run.font.size, run.font.bold = "Times New Roman", Pt(size), bold
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:hint"), "eastAsia")
    if colour is not None:
        run.font.color.rgb = colour


def _add(
    place: Paragraph,
    text: str,
    *,
    font: str = BODY,
    size: float = 16,
    bold: bool = False,
    colour: RGBColor | None = None,
    shade: str = "",
) -> Any:
    run = place.add_run(text)
    _font(run, font, size, bold=bold, colour=colour)
    if shade:
        run._element.get_or_add_rPr().append(_shading(shade))
    return run


def _shading(colour: str) -> Any:
    shading = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", colour)):
        shading.set(qn(name), value)
    return shading


def _line(
    document: DocumentType, text: str = "", *, indent: bool = False, align: Any = None, **look: Any
) -> Paragraph:
    paragraph = document.add_paragraph()
    layout = paragraph.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, LINE
    layout.space_before = layout.space_after = Pt(0)
    paragraph.alignment = align
    if indent:
        layout.first_line_indent = Pt(32)
    if text:
        _add(paragraph, text, **look)
    return paragraph


def _tag(document: DocumentType, tag: str) -> None:
    """A line that only says what to do with those that follow; it is gone from what is made."""
    _line(document, tag)


def _page() -> DocumentType:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(26)
    document.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
    normal = document.styles["Normal"]
    _font(normal, BODY, 16)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    _fonts(document)
    return document


def _page_number(paragraph: Paragraph, side: Any) -> None:
    """— 1 —, one sign in from the outer edge."""
    paragraph.alignment = side
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(14)
    _add(paragraph, "— ", font="宋体", size=14)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        _font(run, "宋体", 14)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = text
        run._element.append(mark)
    _add(paragraph, " —", font="宋体", size=14)


def _fonts(document: DocumentType) -> None:
    """What may stand in where a machine has not got our fonts."""
    table = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/>'
        f'<w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        for name, others in STAND_INS.items()
    )
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    table._blob = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts xmlns:w="{space}">{fonts}</w:fonts>'
    ).encode()


def _table(document: DocumentType, heads: list[str], widths: list[float]) -> Table:
    """A table with a head that each page repeats; the widths are in mm."""
    table = document.add_table(rows=1, cols=len(heads))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        _cell(cell, head, font=HEADING, align=Centre)
    row = table.rows[0]._tr.get_or_add_trPr()
    row.append(OxmlElement("w:tblHeader"))
    _keep_whole(table.rows[0])
    return table


def _keep_whole(row: Any) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _cell(cell: _Cell, text: str = "", *, align: Any = None, size: float = 10.5, **look: Any) -> Paragraph:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    layout = paragraph.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(16)
    layout.space_before = layout.space_after = Pt(1)
    if text:
        _add(paragraph, text, size=size, **look)
    return paragraph


def _loop(table: Table, tag: str, cells: list[str], *, centred: set[int]) -> None:
    """A row for each of a list: the rows with the tags are gone from what is made."""
    widths = [column.width for column in table.columns]
    for texts in ([f"{{%tr for {tag} %}}"], cells, ["{%tr endfor %}"]):
        row = table.add_row()
        _keep_whole(row)
        for place, (cell, width) in enumerate(zip(row.cells, widths, strict=True)):
            cell.width = width or 0
            text = texts[place] if place < len(texts) else ""
            _cell(cell, text, align=Centre if place in centred else None)


def _red_head(document: DocumentType, title: str, under: str) -> None:
    """The title in red, what stands under it, and the red line."""
    head = _line(document, title, font=TITLE, size=26, colour=RED, align=Centre)
    head.paragraph_format.line_spacing = Pt(40)
    head.paragraph_format.space_after = Pt(12)
    below = _line(document, under, align=Centre)
    below.paragraph_format.space_after = Pt(14)
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("w:val", "single"), ("w:sz", "12"), ("w:space", "6"), ("w:color", "C00000")):
        bottom.set(qn(name), value)
    borders.append(bottom)
    below._element.get_or_add_pPr().append(borders)


def _sign(document: DocumentType) -> None:
    _line(document)
    for text in ("{{ office }}", "{{ day }}"):
        signed = _line(document, text, align=Right)
        signed.paragraph_format.right_indent = Pt(32)
        signed.paragraph_format.keep_with_next = text == "{{ office }}"


def letter(opening: str, request: str) -> DocumentType:
    document = _page()
    _red_head(document, "{{ region }}{{ title }}", "{{ number }}")
    _line(document, "{{ unit }}：")
    _line(document, opening, indent=True).paragraph_format.space_after = Pt(6)
    table = _table(
        document, ["序号", "编号", "任务内容", "完成时限", "时限情况", "状态"], [13, 18, 59, 24, 21, 21]
    )
    cells = [
        "{{ item.place }}",
        "{{ item.number }}",
        "{{ item.text }}",
        "{{ item.due }}",
        "{{ item.late }}",
        "{{ item.status }} {{ item.percent }}",
    ]
    _loop(table, "item in items", cells, centred={0, 1, 3, 4, 5})
    _tag(document, "{%p if note %}")
    _line(document, "{{ note }}", indent=True).paragraph_format.space_before = Pt(6)
    _tag(document, "{%p endif %}")
    _tag(document, "{%p if reply_by %}")
    _line(document, request.format(when="于{{ reply_by }}前"), indent=True)
    _tag(document, "{%p else %}")
    _line(document, request.format(when="及时"), indent=True)
    _tag(document, "{%p endif %}")
    _sign(document)
    contact = _line(document, "（经办人：{{ person }}）", indent=True)
    contact.paragraph_format.space_before = Pt(14)
    return document


def supervision() -> DocumentType:
    return letter(
        "截至{{ day }}，你单位承担的下列{{ count }}项工作已超过完成时限，尚未申请办结。现予督办：",
        "请抓紧办理，{when}在督办台账中填报进展；不能按要求办结的，书面说明原因和下一步安排。",
    )


def notice() -> DocumentType:
    return letter(
        "截至{{ day }}，你单位承担的下列{{ count }}项工作临近完成时限或者进度滞后。现予提示：",
        "请对照时限加快推进，{when}在督办台账中填报进展；有困难的，请在到期前提出。",
    )


MADE = {Paper.NOTICE: notice, Paper.SUPERVISION: supervision}


def write_defaults(folder: Path = DEFAULTS) -> None:
    """Write all of them."""
    for paper, make in MADE.items():
        made = BytesIO()
        make().save(made)
        (folder / f"{paper.value.lower()}.docx").write_bytes(made.getvalue())


if __name__ == "__main__":
    write_defaults()
