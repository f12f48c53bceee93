"""Writes tests/samples/tables_*: responsibility tables as offices print them without lines between columns.

Usage: python bench/make_tables.py. Needs LibreOffice (soffice) and a Chinese font, as make_samples.py does.
The samples are committed; run this again only to change them. tables_unruled.docx holds five tables; each PDF
has the same words in another layout, so what is read from the docx is what must be read from each.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.make_samples import COLUMNS, SAMPLES, TABLE, Row, size, styles, to_pdf  # noqa: E402
from tests import office  # noqa: E402

SHAPES = (
    ("序号", "重点任务", "工作措施", "完成时限", "牵头单位", "责任单位", "配合单位"),
    ("类别", "重点任务", "工作措施", "完成时限", "牵头单位", "配合单位"),
    ("牵头单位", "配合单位", "完成时限", "工作措施", "重点任务"),
    ("序号", "类别", "工作措施", "责任单位", "完成时限"),
    ("工作措施", "牵头单位", "责任单位", "配合单位", "完成时限"),
)
# Rows beside those of the other samples: one line only, many lines, a list of units, nobody to support.
MORE: tuple[Row, ...] = (
    (
        "7",
        "交通结构",
        "优化货运结构",
        "加快推进重点企业铁路专用线建设,推动大宗物料由公路运输转向铁路运输,建立月调度机制并逐户核查。",
        "2025年9月底前",
        "市交通运输局",
        "市发改委、市工信局、各县(市、区)政府",
        "国网供电公司",
    ),
    ("8", "扬尘治理", "工地管控", "落实六个百分之百。", "长期坚持", "市住建局", "市城管局", "市公安局"),
    (
        "9",
        "扬尘治理",
        "道路保洁",
        "城区主次干道机械化清扫率达到90%以上,国省干线公路穿越城区路段每日清扫不少于两次。",
        "2024年12月底前",
        "市城管局",
        "各县(市、区)政府",
        "市交通运输局、市公路事业发展中心",
    ),
)
MERGED = ("类别", "重点任务")  # where they stand first, or behind the number and 类别
WIDE = {"工作措施": 5, "序号": 1, "类别": 2, "重点任务": 3}
TITLE = "甲市空气质量持续改善行动方案"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is printed: w:tblBorders it has, where cells stand in their row, room round the text."""

    name: str
    borders: tuple[str, ...] = ()
    centred: bool = True
    head_repeats: bool = False
    head_rule: bool = False
    room: int = 60  # twentieths of a point above and below the text of a cell
    middle: bool = False  # text centred between the edges of its column


LAYOUTS = (
    Layout("plain"),
    Layout("top", centred=False, head_repeats=True, room=0),
    Layout("level", borders=("top", "bottom", "insideH"), head_repeats=True),
    Layout("three", borders=("top", "bottom"), head_rule=True, middle=True),
    Layout("tight", centred=True, room=0, head_repeats=True),
)


def rows_of(shape: Row) -> list[Row]:
    found: list[Row] = [shape]
    for turn in range(2):
        for row in (*TABLE, *MORE):
            values = dict(zip(COLUMNS, row, strict=True))
            values["序号"] = str(int(values["序号"]) + turn * (len(TABLE) + len(MORE)))
            found.append(tuple(values[name] for name in shape))
    return found


def cell(text: str, width: int, layout: Layout, merge: str, *, head: bool) -> str:
    """A cell; `merge` is "", "restart" or "continue"."""
    properties = f'<w:tcW w:w="{width}" w:type="dxa"/>'
    if merge:
        properties += f'<w:vMerge w:val="{merge}"/>'
    if head and layout.head_rule:
        properties += (
            '<w:tcBorders><w:bottom w:val="single" w:sz="4" w:space="0" w:color="000000"/></w:tcBorders>'
        )
    if layout.centred:
        properties += '<w:vAlign w:val="center"/>'
    side = "center" if head or layout.middle else "left"
    words = "" if merge == "continue" else text
    inside = office.paragraph(office.run(words), f'<w:jc w:val="{side}"/>')
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>"


def table(shape: Row, layout: Layout) -> str:
    rows = rows_of(shape)
    unit = 9300 // sum(WIDE.get(name, 2) for name in shape)
    widths = [unit * WIDE.get(name, 2) for name in shape]
    drawn = "".join(
        f'<w:{side} w:val="{"single" if side in layout.borders else "nil"}" w:sz="4" w:space="0"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    room = "".join(
        f'<w:{side} w:w="{wide}" w:type="dxa"/>'
        for side, wide in (("top", layout.room), ("left", 80), ("bottom", layout.room), ("right", 80))
    )
    written = ""
    for at, row in enumerate(rows):
        line = ""
        for column, name in enumerate(shape):
            same = [
                0 < other < len(rows)
                and name in MERGED
                and shape[0] in ("序号", "类别")
                and [rows[other][n] for n in range(column + 1) if shape[n] in MERGED]
                == [row[n] for n in range(column + 1) if shape[n] in MERGED]
                for other in (at - 1, at + 1)
            ]
            merge = "" if not at else "continue" if same[0] else "restart" if same[1] else ""
            line += cell(row[column], widths[column], layout, merge, head=not at)
        repeats = "<w:tblHeader/>" if not at and layout.head_repeats else ""
        written += f"<w:tr><w:trPr>{repeats}</w:trPr>{line}</w:tr>"
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{drawn}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{room}</w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{written}</w:tbl>"
    )


def document(layout: Layout) -> bytes:
    body = office.paragraph(office.run(TITLE, size(44)), '<w:jc w:val="center"/>')
    body += office.paragraph(
        office.run("各有关单位要对照下列清单,逐项细化措施,明确专人,按时报送进展情况。" * 3)
    )
    for order, shape in enumerate(SHAPES, 1):
        body += office.paragraph(office.run(f"附件{order} 重点任务责任清单")) + table(shape, layout)
    page = (
        '<w:headerReference w:type="default" r:id="header"/>'
        '<w:footerReference w:type="default" r:id="footer"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1247" w:bottom="1417" w:left="1247" '
        'w:header="851" w:footer="851" w:gutter="0"/>'
    )
    parts = {
        "styles": styles(21),
        "header": office.paragraph(office.run(TITLE, size(18))),
        "footer": office.paragraph(
            office.run("第", size(18)) + '<w:fldSimple w:instr=" PAGE "/>' + office.run("页")
        ),
    }
    return office.docx(body, parts, section=page)


def main() -> None:
    if not shutil.which("soffice"):
        sys.exit("LibreOffice (soffice) is needed: apt-get install libreoffice-writer")
    (SAMPLES / "tables_unruled.docx").write_bytes(document(LAYOUTS[0]))
    with tempfile.TemporaryDirectory() as scratch:
        for layout in LAYOUTS:
            (Path(scratch) / f"tables_{layout.name}.docx").write_bytes(document(layout))
        to_pdf(sorted(Path(scratch).glob("*.docx")), SAMPLES)


if __name__ == "__main__":
    main()
