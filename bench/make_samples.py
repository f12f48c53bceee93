"""Writes tests/samples: the labelled plans as docx, PDF and web page, in layouts that offices use.

Usage: python bench/make_samples.py. Needs LibreOffice (soffice) for the PDF files and for a docx as it writes them, and
a Chinese font. The samples are committed; run this again only to change them. Of each plan:

- NAME.docx: numbers by Word (by style and directly), the table with merged cells, header, footer with page number,
  a footnote, a text box in both drawings, tracked changes, hidden text and a field;
- NAME.writer.docx: the same document as LibreOffice writes it;
- NAME.one.pdf: one column, first lines indented, header, page numbers, footnote;
- NAME.two.pdf: two columns in small print, the table on wide pages of its own;
- NAME.html: a page of an office's website.

tables.docx and tables.html hold one responsibility table in five shapes, tables.pdf the same over many pages.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import office  # noqa: E402
from tracker.parser.docx_numbering import chinese  # noqa: E402

PLANS = ROOT / "fixtures" / "plans"
SAMPLES = ROOT / "tests" / "samples"
FONT = "Noto Serif CJK SC"
NUMBERS = (
    re.compile(r"(?P<number>[一二三四五六七八九十]+)、(?P<rest>.+)"),
    re.compile(r"\((?P<number>[一二三四五六七八九十]+)\)(?P<rest>.+)"),
    re.compile(r"(?P<number>\d{1,2})\. ?(?P<rest>\D.+)"),
)
LABELS = ("%1、", "(%2)", "%3.")
FORMATS = ("chineseCountingThousand", "chineseCounting", "decimal")
HEAD = ("类别", "重点工作", "工作措施", "责任单位")
Row = tuple[str, ...]
# The head of each shape of the responsibility table, by the columns of TABLE.
COLUMNS = ("序号", "类别", "重点任务", "工作措施", "完成时限", "牵头单位", "责任单位", "配合单位")
TABLE: tuple[Row, ...] = (
    *(
        ("1", "产业结构", "严控“两高”项目", "新改扩建项目严格落实产能置换要求。", "长期坚持", "市发改委", "市工信局", "市生态环境局"),
        ("2", "产业结构", "严控“两高”项目", "建成项目逐一核查能耗与排放水平并公布结果。", "2024年10月底前", "市工信局", "市发改委", "市统计局"),
        ("3", "产业结构", "淘汰落后产能", "完成步进式烧结机淘汰3台。", "2024年12月底前", "市工信局", "各县(市、区)政府", "市财政局"),
        ("4", "能源结构", "发展清洁能源", "新增可再生能源装机20万千瓦以上。", "2025年6月底前", "市发改委", "市自然资源局", "市农业农村局"),
        ("5", "能源结构", "发展清洁能源", "完成煤改电用户核查,建立台账并每月28日前报送进展情况。", "每月28日前", "市生态环境局", "各县(市、区)政府", "国网供电公司"),
        ("6", "交通结构", "优化货运结构", "大宗货物清洁运输比例达到80%以上。", "2025年年底前", "市交通运输局", "市发改委", "市公安局"),
    ),
)
SHAPES = (
    ("序号", "重点任务", "工作措施", "完成时限", "牵头单位", "责任单位", "配合单位"),
    ("类别", "重点任务", "工作措施", "完成时限", "牵头单位", "配合单位"),
    ("牵头单位", "配合单位", "完成时限", "工作措施", "重点任务"),
    ("序号", "类别", "工作措施", "责任单位", "完成时限"),
    ("工作措施", "牵头单位", "责任单位", "配合单位", "完成时限"),
)


def size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


def styles(body: int) -> str:
    """Normal text, and 标题 1, which numbers its paragraphs."""
    return (
        f'<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="{FONT}" w:eastAsia="{FONT}" w:hAnsi="{FONT}"/>'
        f'{size(body)}<w:lang w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/>'
        '<w:pPr><w:jc w:val="both"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="a"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )


def numbering(restarts: list[tuple[int, int]]) -> str:
    """One list of three levels; the third counts on through the document. `restarts`: (level, first number)."""
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{FORMATS[at]}"/>'
        + ('<w:pStyle w:val="1"/>' if at == 0 else "")
        + ('<w:lvlRestart w:val="0"/>' if at == 2 else "")
        + f'<w:suff w:val="nothing"/><w:lvlText w:val="{LABELS[at]}"/><w:lvlJc w:val="left"/>'
        '<w:pPr><w:ind w:left="0" w:firstLine="0"/></w:pPr></w:lvl>'
        for at in range(3)
    )
    nums = "".join(
        f'<w:num w:numId="{order}"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="{level}">'
        f'<w:startOverride w:val="{first}"/></w:lvlOverride></w:num>'
        for order, (level, first) in enumerate(restarts, 2)
    )
    return (
        f'<w:abstractNum w:abstractNumId="7"><w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>{nums}'
    )


def lines_of(path: Path) -> list[str | list[Row]]:
    """The paragraphs of a plan, its table as full rows in its place."""
    found: list[str | list[Row]] = []
    rows: list[Row] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = " ".join(line.split())
        cells = [one.strip() for one in text.split("|") if one.strip()]
        if len(cells) > 1 and (rows or tuple(cells) == HEAD):
            above = rows[-1] if rows else ()
            rows.append((*above[: len(HEAD) - len(cells)], *cells))
            if len(rows) == 1:
                found.append(rows)
        elif text:
            found.append(text)
    return found


class Plan:
    """A plan on its way to a Word document, with the extras that stand in its paragraphs."""

    def __init__(self, path: Path, *, for_print: bool, body: int, two: bool = False) -> None:
        self.for_print, self.body, self.two = for_print, body, two
        self.counts = [0, 0, 0]
        self.restarts: list[tuple[int, int]] = []
        self.number = "1"
        self.long = 0
        self.lines = lines_of(path)
        self.title = next(line for line in self.lines if isinstance(line, str) and re.search("方案|计划", line))

    def docx(self) -> bytes:
        written = [self.block(line) for line in self.lines]
        section = self.page(columns=2 if self.two and not any("<w:tbl>" in one for one in written) else 1)
        parts = {
            "styles": styles(self.body),
            "numbering": numbering(self.restarts),
            "footnotes": '<w:footnote w:id="-1" w:type="separator"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
            '<w:footnote w:id="0" w:type="continuationSeparator"><w:p><w:r><w:continuationSeparator/></w:r></w:p>'
            '</w:footnote><w:footnote w:id="2">'
            + office.paragraph(
                '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteRef/></w:r>'
                + office.run("统计口径以上级部门公布的为准,下同。", size(18))
            )
            + "</w:footnote>",
            "header": office.paragraph(office.run(self.title[:24], size(18)), '<w:jc w:val="center"/>'),
            "footer": office.paragraph(
                office.run("— ", size(18))
                + '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r>'
                '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
                + office.run("1", size(18))
                + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
                + office.run(" —", size(18)),
                '<w:jc w:val="center"/>',
            ),
        }
        return office.docx("".join(written), parts, section=section)

    def page(self, *, columns: int, wide: bool = False) -> str:
        """The properties of a section: A4, with header and footer."""
        edges = ("16838", "11906") if wide else ("11906", "16838")
        turned = ' w:orient="landscape"' if wide else ""
        return (
            '<w:headerReference w:type="default" r:id="header"/><w:footerReference w:type="default" r:id="footer"/>'
            f'<w:pgSz w:w="{edges[0]}" w:h="{edges[1]}"{turned}/><w:pgMar w:top="1701" w:right="1474" w:bottom="1701" '
            f'w:left="1588" w:header="851" w:footer="992" w:gutter="0"/><w:cols w:num="{columns}" w:space="425"/>'
        )

    def block(self, line: str | list[Row]) -> str:
        if isinstance(line, list):
            broken = ""
            if self.two:  # the table has wide pages of its own; what stands before it, two columns
                broken = f"<w:p><w:pPr><w:sectPr>{self.page(columns=2)}</w:sectPr></w:pPr></w:p>"
            widths = (1700, 2000, 3900, 1800) if not self.two else (2200, 2600, 6000, 2800)
            after = ""
            if self.two:
                after = f"<w:p><w:pPr><w:sectPr>{self.page(columns=1, wide=True)}</w:sectPr></w:pPr></w:p>"
            return broken + office.merged(line, 2, widths) + after
        for level, pattern in enumerate(NUMBERS):
            found = pattern.fullmatch(line)
            if found:
                return self.numbered(level, found["number"], found["rest"])
        if line == self.title or len(line) < 26 and re.search("方案$|计划$|通知$", line):
            return office.paragraph(
                office.run(line, "<w:b/>" + size(self.body + 12)), '<w:jc w:val="center"/>'
            )
        if len(line) < 26 and re.search(r"^\d{4}年\d+月\d+日|(政府|办公室)$", line):
            return office.paragraph(office.run(line), '<w:jc w:val="right"/>')
        if len(line) < 20 and line.startswith("附件"):
            return office.paragraph(office.run(line))
        return self.text(line, '<w:ind w:firstLineChars="200" w:firstLine="640"/>')

    def numbered(self, level: int, printed: str, rest: str) -> str:
        """A paragraph that Word numbers; where the printed number does not follow, the list starts afresh."""
        self.counts[level] += 1
        if level < 1:
            self.counts[1] = 0
        expected = str(self.counts[level]) if level == 2 else chinese(self.counts[level])
        number = "1"
        if printed != expected:
            value = int(printed) if level == 2 else next(n for n in range(1, 100) if chinese(n) == printed)
            self.restarts.append((level, value))
            self.counts[level] = value
            number = str(len(self.restarts) + 1)
        indent = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
        if level == 0 and number == "1":
            return self.text(rest, f'<w:pStyle w:val="1"/>{indent}')
        return self.text(
            rest, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>{indent}'
        )

    def text(self, words: str, properties: str) -> str:
        """A paragraph; every few long ones carry something that must not break them."""
        if len(words) < 90:
            return office.paragraph(office.run(words), properties)
        self.long += 1
        extra, half = self.long % 6, 40
        one, other = words[:half], words[half:]
        runs = office.run(one) + office.run(other)
        if extra == 1:
            mark = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="2"/></w:r>'
            runs = office.run(one) + (mark if self.long == 1 else "") + office.run(other)
        elif extra == 2 and not self.for_print:
            by = 'w:id="9" w:author="张三" w:date="2024-01-01T00:00:00Z"'
            gone = "<w:r><w:delText>原则上由市水利局牵头于2023年3月底前完成</w:delText></w:r>"
            runs = f"{office.run(one)}<w:del {by}>{gone}</w:del><w:ins {by}>{office.run(other)}</w:ins>"
        elif extra == 3:
            runs += office.run("(2022年5月底前,市水利局牵头)", "<w:vanish/>")
        elif extra == 4:
            field = (
                '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "http://2023年3月底前.invalid/" </w:instrText></w:r>'
                '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
            )
            runs = office.run(one[:10]) + field + office.run(one[10:])
            runs += '<w:r><w:fldChar w:fldCharType="end"/></w:r>' + office.run(other)
        written = office.paragraph(runs, properties)
        return written + (box("本文本仅供参考,以正式印发件为准。") if self.long == 5 else "")


def box(words: str) -> str:
    """A text box in a paragraph of its own, drawn for newer and for older Word."""
    inside = f"<w:txbxContent>{office.paragraph(office.run(words))}</w:txbxContent>"
    new = (
        '<w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="4000000" cy="420000"/>'
        '<wp:docPr id="5" name="box"/><a:graphic><a:graphicData '
        'uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1"/>'
        '<wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="4000000" cy="420000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:ln w="6350"><a:solidFill><a:srgbClr val="000000"/>'
        f"</a:solidFill></a:ln></wps:spPr><wps:txbx>{inside}</wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData>"
        "</a:graphic></wp:inline></w:drawing>"
    )
    old = f'<w:pict><v:shape style="width:315pt;height:33pt"><v:textbox>{inside}</v:textbox></v:shape></w:pict>'
    return office.paragraph(
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps">{new}</mc:Choice>'
        f"<mc:Fallback>{old}</mc:Fallback></mc:AlternateContent></w:r>"
    )


def spans(rows: list[Row], column: int, downwards: int) -> list[int]:
    """By row: how many rows the cell of this column reaches over; 0 where it goes on with the one above."""
    found: list[int] = []
    for at, row in enumerate(rows):
        if column < downwards and at and row[: column + 1] == rows[at - 1][: column + 1]:
            found.append(0)
            found[max(place for place in range(at) if found[place])] += 1
        else:
            found.append(1)
    return found


def html_table(rows: list[Row], downwards: int) -> str:
    down = [spans(rows, column, downwards) for column in range(len(rows[0]))]
    written = ""
    for at, row in enumerate(rows):
        cells = "".join(
            f'<td rowspan="{down[column][at]}"><p>{escape(text)}</p></td>'
            for column, text in enumerate(row)
            if down[column][at]
        )
        written += f"<tr>{cells}</tr>\n"
    return f'<table border="1">\n{written}</table>'


def web_page(body: str, title: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8"><title>政府门户网站</title>'
        "<style>p { text-indent: 2em }</style><script>var a = '一、菜单';</script></head>\n<body>\n"
        "<nav><ul><li>首页</li><li>一、政务公开</li><li>互动交流</li></ul></nav>\n"
        f"<header>{escape(title)}</header>\n<form><input name='q'><button>搜索</button></form>\n"
        f"<div id='zoom'>\n{body}\n</div>\n<aside>相关链接</aside>\n<footer>版权所有 网站地图</footer>\n</body></html>\n"
    )


def to_pdf(files: list[Path], folder: Path, target: str = "pdf") -> None:
    """Convert with LibreOffice, in a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *("soffice", f"-env:UserInstallation=file://{profile}", "--headless"),
                *("--convert-to", target, "--outdir", str(folder), *map(str, files)),
            ],
            check=True,
            capture_output=True,
            timeout=600,
        )


def tables(*, repeat: int) -> list[tuple[str, list[Row], int]]:
    """The shapes of the responsibility table: heading, rows with the head, and merged columns."""
    found = []
    for order, shape in enumerate(SHAPES, 1):
        rows: list[Row] = [shape]
        for turn in range(repeat):
            for row in TABLE:
                values = dict(zip(COLUMNS, row, strict=True))
                values["序号"] = str(int(values["序号"]) + turn * len(TABLE))
                rows.append(tuple(values[name] for name in shape))
        downwards = 1 if shape[0] == "类别" else 0
        found.append((f"附件{order} 重点任务责任清单", rows, downwards))
    return found


def tables_docx(*, repeat: int) -> bytes:
    body = office.paragraph(office.run("甲市空气质量持续改善行动方案", size(44)), '<w:jc w:val="center"/>')
    for heading, rows, downwards in tables(repeat=repeat):
        wide = 9000 // (len(rows[0]) + 1)
        widths = [wide * 2 if name == "工作措施" else wide for name in rows[0]]
        body += office.paragraph(office.run(heading)) + office.merged(rows, downwards, widths)
    plan = Plan(PLANS / "002_zhengzhou.txt", for_print=True, body=21)
    plan.title = "甲市空气质量持续改善行动方案"
    plan.lines = []
    parts = {
        "styles": styles(21),
        "header": office.paragraph(office.run(plan.title, size(18))),
        "footer": office.paragraph(office.run("第", size(18)) + '<w:fldSimple w:instr=" PAGE "/>' + office.run("页")),
    }
    return office.docx(body, parts, section=plan.page(columns=1))


def main() -> None:
    if not shutil.which("soffice"):
        sys.exit("LibreOffice (soffice) is needed: apt-get install libreoffice-writer")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for path in sorted(PLANS.glob("*.txt")):
            (SAMPLES / f"{path.stem}.docx").write_bytes(Plan(path, for_print=False, body=32).docx())
            (folder / f"{path.stem}.one.docx").write_bytes(Plan(path, for_print=True, body=32).docx())
            (folder / f"{path.stem}.two.docx").write_bytes(Plan(path, for_print=True, body=21, two=True).docx())
            plan = Plan(path, for_print=True, body=32)
            body = "\n".join(
                f"<p>{escape(line)}</p>" if isinstance(line, str) else html_table(line, 2) for line in plan.lines
            )
            (SAMPLES / f"{path.stem}.html").write_text(web_page(body, plan.title), encoding="utf-8")
        (SAMPLES / "tables.docx").write_bytes(tables_docx(repeat=1))
        (folder / "tables.docx").write_bytes(tables_docx(repeat=6))
        page = "".join(f"<p>{heading}</p>{html_table(rows, down)}" for heading, rows, down in tables(repeat=1))
        title = "甲市空气质量持续改善行动方案"
        (SAMPLES / "tables.html").write_text(web_page(f"<h1>{title}</h1>{page}", title), encoding="utf-8")
        to_pdf(sorted(folder.glob("*.docx")), SAMPLES)
        writer = folder / "writer"
        to_pdf([SAMPLES / f"{path.stem}.docx" for path in sorted(PLANS.glob("*.txt"))], writer, "docx")
        for path in writer.glob("*.docx"):
            shutil.copy(path, SAMPLES / f"{path.stem}.writer.docx")


if __name__ == "__main__":
    main()
