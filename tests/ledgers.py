"""Old ledgers as four offices keep them, no two alike. They are made where they are used; none is a file."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet


def _saved(book: Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _rows(sheet: Worksheet, *rows: tuple[object, ...]) -> None:
    for row in rows:
        sheet.append(row)


def city() -> bytes:
    """A title, who filled it in, heads in two rows, merged cells, formulas for numbers, a sum, a remark."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "大气"
    _rows(
        sheet,
        ("新乡市2024年大气污染防治工作台账",),
        ("填报单位：市生态环境保护委员会办公室", None, None, None, None, None, None, None, "2024年9月30日"),
        (
            "序号",
            "类别",
            "重点任务",
            "工作措施",
            "完成时限",
            "责任单位",
            None,
            "目前进展",
            "完成情况",
            "备注",
        ),
        (None, None, None, None, None, "牵头", "配合"),
        (
            "=ROW()-4",
            "优化产业结构",
            "加快淘汰落后产能",
            "推动2条限制类烧结砖瓦生产线关停退出",
            "2024年10月底前",
            "市工信局",
            "市发改委、生态环境局",
            "已关停1条，另1条正在拆除。",
            "正在推进",
        ),
        (
            "=ROW()-4",
            None,
            "产业集群升级改造",
            "制定涉气产业集群发展规划和专项整治方案",
            date(2024, 12, 31),
            "市生态环境局",
            "市工信局",
            None,
            "未启动",
            "方案已列入计划",
        ),
        (
            "=ROW()-4",
            "优化能源结构",
            "清洁能源替代",
            "完成7家企业加热炉、冲天炉清洁低碳能源改造",
            "年底前",
            "市生态环境局(牵头),市财政局",
            None,
            "已全部完成改造。",
            "已完成",
        ),
        (),
        (
            "=ROW()-4",
            None,
            "散煤治理",
            "将完成清洁取暖改造的地区划定为高污染燃料禁燃区",
            "2024年采暖季前",
            "各县(市、区)政府",
            "市市场监管局",
            "正在摸排。",
            "推进中",
        ),
        (
            "=ROW()-4",
            "面源污染治理",
            "扬尘治理",
            "主城区工地非必要不进行夜间施工",
            "长期",
            "市住建局、城管局按职责分工",
            None,
            None,
            None,
        ),
        ("合计", None, None, "5项"),
        ("备注：时限以市政府文件为准。",),
    )
    for merged in ("A1:J1", "A2:E2", "F3:G3", "B5:B6", "B7:B9", "A3:A4", "B3:B4", "C3:C4", "D3:D4", "E3:E4"):
        sheet.merge_cells(merged)
    for column in "HIJ":
        sheet.merge_cells(f"{column}3:{column}4")
    other = book.create_sheet("填表说明")
    _rows(other, ("本表每月月底前报送。",))
    book.create_sheet("旧数据").sheet_state = "hidden"
    return _saved(book)


def county() -> bytes:
    """Heads that nobody has heard of, sections across the table, months and percent as Excel keeps them."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "2024年清单"
    _rows(
        sheet,
        ("编 号", "要干的事", "什么时候完", "谁来办", "干到哪了", "内部批注"),
        ("一、优化产业结构", None, None, None, None, None),
        ("1", "开展涉气产业集群排查及分类治理", date(2024, 10, 1), "市生态环境局、发改局", 0.6, "内"),
        ("2", "完成低VOCs含量原辅材料源头替代", "2024.11.30", "市生态环境局 张三", 1, None),
        ("二、优化交通结构", None, None, None, None, None),
        ("1", "新增公交车全部使用新能源车", "12月底", "市交通运输局（牵头），市财政局", "35%", None),
        ("2", "淘汰国三及以下排放标准柴油货车", 45656, "市公安局、市交通局", 0, None),
        ("3", "隐藏起来的一项", "年底前", "市公安局", 0, None),
    )
    for row in (3, 4, 6, 7, 8):
        sheet.cell(row, 5).number_format = "0%"
    sheet.cell(3, 3).number_format = 'yyyy"年"m"月"'
    sheet.merge_cells("A2:F2")
    sheet.row_dimensions[8].hidden = True
    sheet.column_dimensions["F"].hidden = True
    return _saved(book)


def district() -> bytes:
    """A row for each unit of a task, whose cells are merged downwards; and what cannot be brought in."""
    book = Workbook()
    sheet = book.worksheets[0]
    _rows(
        sheet,
        ("附件1",),
        ("忻府区空气质量巩固提升重点工作任务分解台账（2024年）",),
        (),
        ("序号", "工作任务", "整改时限", "承办单位", "责任人", "完成率", "办理状态", "说明"),
        (
            "1",
            "完成31家砖瓦企业深度治理",
            "6月底前完成50%，12月底前全部完成",
            "区工信局",
            "樊青山",
            "80",
            "在办",
            None,
        ),
        (None, None, None, "区生态环境分局", "张砚田", "100", "已办结", None),
        ("2", "建成区道路机械化清扫率达到90%以上", "每月", "区住建局", "班语嫣", None, "在办", "按月通报"),
        ("3", "取缔劣质散煤销售网点", "2月30日前", "区能源局", None, None, None, None),
        ("4", "开展秸秆禁烧巡查", "持续推进", "区蓝天办", None, None, None, None),
        ("5", "", "2024年12月", "区农业农村局", None, None, None, None),
        ("6", "重型柴油车路检路查", "2024年12月", "=B5", None, None, None, None),
        ("小计", "6项"),
        ("填表人：张三",),
    )
    for column in "ABC":
        sheet.merge_cells(f"{column}5:{column}6")
    return _saved(book)


def as_csv() -> bytes:
    """A csv as Excel of a Chinese Windows saves it: GBK; what was merged is blank below its first row."""
    lines = (
        "郑州市2024年污染防治督办事项,,,,,",
        "序号,督办事项,责任单位,完成时间,进展情况,是否完成",
        '1,"建成5个""公转铁""项目",市交通局,2024/12/31,"土建完成,正在铺轨",否',
        ",,市发改委,,,否",
        "2,国三车淘汰更新,市公安局、市生态环境局,2024年11月底前,已完成,是",
        "3,充电桩新增1万个,市城管局,常态化,,",
    )
    return "\r\n".join(lines).encode("gbk")


ALL: dict[str, Callable[[], bytes]] = {
    "old_ledger_city.xlsx": city,
    "old_ledger_county.xlsx": county,
    "old_ledger_district.xlsx": district,
    "old_ledger_gbk.csv": as_csv,
}
