"""Word documents: numbers as printed, tables, and what is no text of the document."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from tests.office import cell, docx, paragraph, run, table, zipped
from tracker.parser import UnreadableDocument, readers
from tracker.parser.docx_numbering import chinese


def lines(body: str, **parts: str) -> list[str]:
    return readers.read_bytes(docx(body, parts), "方案.docx").split("\n")


def numbered(text: str, level: int = 0, number: int = 1) -> str:
    return paragraph(run(text), f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def level(at: int, form: str, label: str, more: str = "") -> str:
    return f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}<w:lvlText w:val="{label}"/></w:lvl>'


def numbering(levels: str, nums: str = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>') -> str:
    return f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>{nums}'


def test_numbers_of_three_levels_begin_again_below_a_heading() -> None:
    parts = numbering(
        level(0, "chineseCountingThousand", "%1、")
        + level(1, "chineseCounting", "(%2)")
        + level(2, "decimal", "%3.")
    )
    body = "".join(numbered("任务", at) for at in (0, 1, 2, 2, 1, 2, 0, 1))
    assert lines(body, numbering=parts) == [
        *("一、任务", "(一)任务", "1.任务", "2.任务", "(二)任务", "1.任务", "二、任务", "(一)任务")
    ]


def test_a_level_that_never_begins_again_counts_on() -> None:
    parts = numbering(
        level(0, "chineseCounting", "(%1)") + level(1, "decimal", "%2.", '<w:lvlRestart w:val="0"/>')
    )
    body = "".join(numbered("任务", at) for at in (0, 1, 1, 0, 1))
    assert lines(body, numbering=parts) == ["(一)任务", "1.任务", "2.任务", "(二)任务", "3.任务"]


@pytest.mark.parametrize(
    ("form", "third", "twelfth"),
    [
        ("decimal", "3", "12"),
        ("decimalZero", "03", "12"),
        ("decimalFullWidth", "３", "１２"),
        ("decimalEnclosedCircle", "③", "⑫"),
        ("decimalEnclosedParen", "⑶", "⑿"),
        ("chineseCounting", "三", "十二"),
        ("ideographDigital", "三", "一二"),
        ("chineseLegalSimplified", "叁", "拾贰"),
        ("ideographTraditional", "丙", "乙"),
        ("lowerLetter", "c", "l"),
        ("upperRoman", "III", "XII"),
        ("unheardOf", "3", "12"),
    ],
)
def test_formats(form: str, third: str, twelfth: str) -> None:
    read = lines(numbered("任务") * 12, numbering=numbering(level(0, form, "第%1项:")))
    assert (read[2], read[11]) == (f"第{third}项:任务", f"第{twelfth}项:任务")


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0, "〇"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (103, "一百零三"),
        (110, "一百一十"),
        (1003, "一千零三"),
    ],
)
def test_chinese_numbers(number: int, printed: str) -> None:
    assert chinese(number) == printed


def test_numbers_from_styles_restarts_and_legal_form() -> None:
    levels = level(
        0, "chineseCounting", "第%1章", '<w:pStyle w:val="chapter"/><w:suff w:val="nothing"/>'
    ) + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    nums = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="1"><w:startOverride w:val="7"/>'
        "</w:lvlOverride></w:num>"
    )
    styles = (
        '<w:style w:type="paragraph" w:styleId="chapter"><w:name w:val="heading 1"/><w:pPr><w:numPr>'
        '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="below"><w:basedOn w:val="chapter"/></w:style>'
    )
    body = (
        paragraph(run("总则"), '<w:pStyle w:val="below"/>')
        + numbered("目标", 1)
        + numbered("任务", 1, number=2)
        + numbered("分工", 1, number=2)
        + paragraph(run("不编号"), '<w:pStyle w:val="chapter"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    )
    assert lines(body, numbering=numbering(levels, nums), styles=styles) == [
        *("第一章总则", "1.1 目标", "1.7 任务", "1.8 分工", "不编号")
    ]


def test_bullets_are_left_out_and_an_empty_paragraph_has_no_number() -> None:
    parts = numbering(level(0, "decimal", "%1.") + level(1, "bullet", "\uf0b7"))
    body = numbered("甲") + numbered("乙", 1) + numbered("") + numbered("2024年完成")
    assert lines(body, numbering=parts) == ["1.甲", "乙", "", "3. 2024年完成"]


RESTART, GOES_ON = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"


def test_merged_cells_are_said_again_in_each_row() -> None:
    rows = [
        [cell("类别"), cell("任务"), cell("牵头单位")],
        [cell("工业", RESTART), cell("减排"), cell("市工信局")],
        [cell("", GOES_ON), cell("节能", '<w:gridSpan w:val="2"/>')],
        [cell("", GOES_ON), cell("技改"), cell("市发改委")],
        [cell("交通"), cell("清洁运输"), cell("市交通局")],
    ]
    assert lines(table(rows)) == [
        *(
            "类别 | 任务 | 牵头单位 |",
            "工业 | 减排 | 市工信局 |",
            "工业 | 节能 |  |",
            "工业 | 技改 | 市发改委 |",
        ),
        "交通 | 清洁运输 | 市交通局 |",
    ]


def test_rows_and_cells_in_content_controls_and_deleted_ones() -> None:
    kept = f"<w:sdt><w:sdtContent><w:tr>{cell('甲')}<w:sdt><w:sdtContent>{cell('乙')}</w:sdtContent></w:sdt></w:tr>"
    gone = f'<w:tr><w:trPr><w:del w:id="1"/></w:trPr>{cell("丙")}{cell("丁")}</w:tr>'
    less = f"<w:tr>{cell('戊')}{cell('己', '<w:cellDel/>')}{cell('庚')}</w:tr>"
    assert lines(f"<w:tbl>{kept}</w:sdtContent></w:sdt>{gone}{less}</w:tbl>") == ["甲 | 乙 |", "戊 | 庚 |"]


def test_a_table_that_lays_out_the_page_is_read_cell_by_cell() -> None:
    inner = table([[cell("任务"), cell("单位")], [cell("排查"), cell("市公安局")]])
    outer = f"<w:tbl><w:tr><w:tc>{paragraph(run('左'))}{inner}</w:tc>{cell('右')}</w:tr></w:tbl>"
    assert lines(outer) == ["左", "任务 | 单位 |", "排查 | 市公安局 |", "右"]


def test_automatic_numbers_in_cells() -> None:
    row = f"<w:tr><w:tc>{numbered('')}</w:tc>{cell('排查')}</w:tr>"
    numbered_cell = f"<w:tr><w:tc>{numbered('摸底')}</w:tc>{cell('市公安局')}</w:tr>"
    read = lines(f"<w:tbl>{row}{numbered_cell}</w:tbl>", numbering=numbering(level(0, "decimal", "%1.")))
    assert read == ["1. | 排查 |", "2.摸底 | 市公安局 |"]


def test_tracked_changes_are_taken_as_accepted() -> None:
    body = (
        paragraph(
            run("市公安局")
            + '<w:del w:id="1"><w:r><w:delText>不再</w:delText></w:r></w:del>'
            + f'<w:ins w:id="2">{run("负责")}</w:ins>'
            + f'<w:moveFrom w:id="3">{run("从前")}</w:moveFrom><w:moveTo w:id="4">{run("排查")}</w:moveTo>'
        )
        + paragraph(run("一段"), '<w:rPr><w:del w:id="5"/></w:rPr>')
        + paragraph(run("话"))
    )
    assert lines(body) == ["市公安局负责排查", "一段话"]


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def instruction(text: str) -> str:
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def test_fields_say_their_result() -> None:
    nested = field("begin") + instruction("IF ") + field("begin") + instruction("PAGE") + field("separate")
    nested += run("9") + field("end") + run("=1") + field("separate") + run("结果") + field("end")
    simple = f'<w:fldSimple w:instr="DATE">{run("5月")}</w:fldSimple>'
    unclosed = paragraph(field("begin") + instruction("REF x") + run("甲")) + paragraph(run("乙"))
    assert lines(paragraph(run("前") + nested + run("后") + simple) + unclosed) == ["前结果后5月", "", "乙"]


def test_text_boxes_once_after_their_paragraph() -> None:
    inside = f"<w:txbxContent>{paragraph(run('框内'))}</w:txbxContent>"
    both = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:wsp><wps:txbx>{inside}</wps:txbx></wps:wsp></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{inside}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    assert lines(paragraph(run("前") + both + run("后"))) == ["前后", "框内"]


def test_what_is_no_text_of_the_document() -> None:
    styles = (
        '<w:style w:type="character" w:styleId="h"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="c"><w:name w:val="toc 1"/></w:style>'
    )
    body = paragraph(run("一、总则\t1"), '<w:pStyle w:val="c"/>') + paragraph(
        run("各单")
        + '<w:r><w:footnoteReference w:id="2"/></w:r>'
        + run("位", '<w:vanish w:val="0"/>')
        + run("藏", "<w:vanish/>")
        + run("匿", '<w:rStyle w:val="h"/>')
        + "<w:r><w:softHyphen/><w:t>尽\u00ad快</w:t><w:noBreakHyphen/><w:tab/><w:t>办</w:t><w:br/><w:t>结</w:t></w:r>"
        + "<w:r><w:ruby><w:rt><w:r><w:t>zi</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>字</w:t></w:r></w:rubyBase></w:ruby></w:r>"
    )
    furniture = {
        "header": paragraph(run("页眉")),
        "footer": paragraph(run("页脚")),
        "footnotes": f'<w:footnote w:id="2">{paragraph(run("脚注"))}</w:footnote>',
    }
    assert lines(body, styles=styles, **furniture) == ["", "各单位尽快-\t办", "结字"]


def refused(data: bytes) -> str:
    with pytest.raises(UnreadableDocument) as caught:
        readers.read_bytes(data, "a.docx")
    return caught.value.reason


def replaced(part: str, content: str | bytes) -> bytes:
    with ZipFile(BytesIO(docx(paragraph(run("甲市"))))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    return zipped(parts | {part: content})


def test_bombs_and_broken_parts_are_refused() -> None:
    assert "过大" in refused(replaced("word/document.xml", b" " * (25 * 1024 * 1024)))
    assert "过大" in refused(replaced("word/document.xml", b"<a>" * 1_600_000))
    entities = '<!DOCTYPE a [<!ENTITY b "甲甲甲甲">]><a><body><p><r><t>&b;</t></r></p></body></a>'
    assert "已损坏" in refused(replaced("word/document.xml", entities))
    assert "已损坏" in refused(replaced("word/document.xml", "<a>"))
    assert "已损坏" in refused(replaced("word/document.xml", "<a/>"))
    assert "已损坏" in refused(replaced("word/styles.xml", "<a>"))
    assert "已损坏" in refused(docx(paragraph(run("甲市")))[:-300])
    row = "".join(["<w:tr>", cell("甲", '<w:gridSpan w:val="500"/>' + RESTART), cell("乙"), "</w:tr>"])
    below = "".join(["<w:tr>", cell("", '<w:gridSpan w:val="500"/>' + GOES_ON), cell("乙"), "</w:tr>"])
    assert "过大" in refused(docx(f"<w:tbl>{row}{below * 700}</w:tbl>"))


def test_deep_nesting_is_refused() -> None:
    deep = "<w:smartTag>" * 5000 + run("甲") + "</w:smartTag>" * 5000
    assert "已损坏" in refused(docx(paragraph(deep)))


def test_a_docx_under_another_name_is_read() -> None:
    assert readers.read_bytes(docx(paragraph(run("甲市方案"))), "方案.txt") == "甲市方案"
