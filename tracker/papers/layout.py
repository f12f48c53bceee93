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
from docx.table import Table, _Cell, _Row
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
    paragraph: Paragraph = document.add_paragraph()
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
    table: Table = document.add_table(rows=1, cols=len(heads))
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
    paragraph: Paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    layout = paragraph.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(16)
    layout.space_before = layout.space_after = Pt(1)
    if text:
        _add(paragraph, text, size=size, **look)
    return paragraph


def _loop(table: Table, tag: str, cells: list[str], *, centred: set[int]) -> list[_Cell]:
    """A row for each of a list: the rows with the tags are gone from what is made. Returns its cells."""
    made: list[_Cell] = []
    widths: list[Any] = [column.width for column in table.columns]
    for texts in ([f"{{%tr for {tag} %}}"], cells, ["{%tr endfor %}"]):
        row: _Row = table.add_row()  # type: ignore[no-untyped-call]
        _keep_whole(row)
        if texts is cells:
            made = list(row.cells)
        for place, (cell, width) in enumerate(zip(row.cells, widths, strict=True)):
            cell.width = width
            text = texts[place] if place < len(texts) else ""
            _cell(cell, text, align=Centre if place in centred else None)
    return made


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


def _heading(document: DocumentType, text: str) -> None:
    _line(document, text, font=HEADING, indent=True).paragraph_format.keep_with_next = True


def bulletin() -> DocumentType:
    document = _page()
    _red_head(document, "{{ region }}{{ title }}", "（{{ month }}）")
    _heading(document, "一、总体情况")
    _line(
        document,
        "截至{{ day }}，全部督办任务{{ total }}项，已办结{{ closed }}项，办结率{{ rate }}；"
        "逾期（红灯）{{ red }}项，预警（黄灯）{{ yellow }}项，正常（绿灯）{{ green }}项，"
        "无期限（灰灯）{{ grey }}项。",
        indent=True,
    )
    _heading(document, "二、近几个月走势")
    trend = _table(document, ["月末", "任务", "办结率", "逾期", "逾期项数"], [30, 22, 24, 20, 60])
    cells = ["{{ each.month }}", "{{ each.total }}", "{{ each.rate }}", "{{ each.red }}", ""]
    row = _loop(trend, "each in trend", cells, centred={0, 1, 2, 3})
    _bars(row[4], [("{{ each.bar }}", "C00000")])
    _heading(document, "三、各单位情况")
    units = _table(
        document,
        ["单位", "任务", "办结率", "逾期", "预警", "最长", "红黄绿灰"],
        [36, 14, 18, 14, 14, 18, 42],
    )
    cells = ["{{ each.name }}", "{{ each.total }}", "{{ each.rate }}", "{{ each.red }}", "{{ each.yellow }}"]
    cells += ["{% if each.longest %}{{ each.longest }}天{% endif %}", ""]
    row = _loop(units, "each in units", cells, centred={1, 2, 3, 4, 5})
    lights = [("red", "C00000"), ("yellow", "E0A100"), ("green", "2E7D32"), ("grey", "A6A6A6")]
    _bars(row[6], [(f"{{{{ each.{light}_bar }}}}", colour) for light, colour in lights])
    _heading(document, "四、通报")
    _tag(document, "{%p if best %}")
    _line(
        document,
        "没有逾期、办结率靠前的单位：{% for each in best %}{{ each.name }}（办结率{{ each.rate }}）"
        "{% if not loop.last %}、{% endif %}{% endfor %}。",
        indent=True,
    )
    _tag(document, "{%p endif %}")
    _tag(document, "{%p if worst %}")
    _line(
        document,
        "逾期较多的单位：{% for each in worst %}"
        "{{ each.name }}（逾期{{ each.red }}项，最长{{ each.longest }}天）"
        "{% if not loop.last %}、{% endif %}{% endfor %}。请抓紧整改。",
        indent=True,
    )
    _tag(document, "{%p else %}")
    _line(document, "没有逾期的单位。", indent=True)
    _tag(document, "{%p endif %}")
    _tag(document, "{%p if late %}")
    _heading(document, "五、逾期清单")
    late = _table(
        document, ["序号", "单位", "编号", "任务内容", "完成时限", "时限情况"], [13, 30, 17, 51, 24, 21]
    )
    cells = [f"{{{{ each.{name} }}}}" for name in ("place", "unit", "number", "text", "due", "late")]
    _loop(late, "each in late", cells, centred={0, 2, 4, 5})
    _tag(document, "{%p endif %}")
    _tag(document, "{%p if late_hidden %}")
    _line(document, "另有{{ late_hidden }}项逾期任务，见督办台账。", indent=True)
    _tag(document, "{%p endif %}")
    _sign(document)
    return document


def _bars(cell: _Cell, bars: list[tuple[str, str]]) -> None:
    for text, colour in bars:
        _add(cell.paragraphs[0], text, font="宋体", size=9, colour=RGBColor.from_string(colour), shade=colour)


def card() -> DocumentType:
    document = _page()
    _red_head(document, "任务卡", "{{ plan }} · {{ number }}")
    facts = document.add_table(rows=0, cols=2)
    facts.style, facts.autofit, facts.alignment = "Table Grid", False, WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(facts.columns, (26, 130), strict=True):
        column.width = Mm(width)
    for name, text in (
        ("任务内容", "{{ text }}"),
        ("出处", "{{ headings }}"),
        ("原文", "{{ source }}"),
        ("时限", "{{ due }}{% if quote %}（{{ quote }}）{% endif %}{% if period %} {{ period }}{% endif %}"),
        ("首定时限", "{{ first_due }}"),
        ("下达", "{{ given }}{% if closed %}，{{ closed }}办结{% endif %}"),
    ):
        row = facts.add_row()
        for cell, width in zip(row.cells, (26, 130), strict=True):
            cell.width = Mm(width)
        _cell(row.cells[0], name, font=HEADING)
        _cell(row.cells[1], text)
    _heading(document, "责任单位")
    units = _table(
        document, ["单位", "角色", "完成时限", "时限情况", "状态", "进度"], [46, 16, 26, 30, 22, 16]
    )
    names = ("name", "role", "due", "late", "status", "percent")
    cells = [f"{{{{ each.{name} }}}}" for name in names]
    _loop(units, "each in units", cells, centred={1, 2, 3, 4, 5})
    _tag(document, "{%p if nodes %}")
    _heading(document, "节点")
    nodes = _table(document, ["日期", "累计完成", "内容"], [30, 26, 100])
    _loop(
        nodes,
        "each in nodes",
        [f"{{{{ each.{name} }}}}" for name in ("day", "percent", "title")],
        centred={0, 1},
    )
    _tag(document, "{%p endif %}")
    _tag(document, "{%p if instructions %}")
    _heading(document, "领导批示")
    said = _table(document, ["日期", "批示人", "内容"], [36, 24, 96])
    _loop(
        said,
        "each in instructions",
        [f"{{{{ each.{name} }}}}" for name in ("day", "person", "text")],
        centred={0, 1},
    )
    _tag(document, "{%p endif %}")
    _tag(document, "{%p if reports %}")
    _heading(document, "最近填报")
    reports = _table(document, ["日期", "单位", "进度", "进展说明"], [36, 32, 16, 72])
    given = ("day", "unit", "percent", "note")
    _loop(reports, "each in reports", [f"{{{{ each.{name} }}}}" for name in given], centred={0, 2})
    _tag(document, "{%p endif %}")
    _line(document, "（{{ day }}打印）", align=Right)
    return document


MADE = {Paper.NOTICE: notice, Paper.SUPERVISION: supervision, Paper.BULLETIN: bulletin, Paper.CARD: card}


def write_defaults(folder: Path = DEFAULTS) -> None:
    """Write all of them."""
    for paper, make in MADE.items():
        made = BytesIO()
        make().save(made)
        (folder / f"{paper.value.lower()}.docx").write_bytes(made.getvalue())


if __name__ == "__main__":
    write_defaults()
