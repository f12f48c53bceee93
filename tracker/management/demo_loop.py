"""A little of everything that happens to work after it was given out, for the demo's first region.

Each thing goes through its action, on a day shortly before the demo's date. The tasks are named by their
numbers in fixtures/plans/000_xinxiang.txt.
"""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from uuid import NAMESPACE_URL, UUID, uuid5
from zipfile import ZipFile, ZipInfo

from accounts.actions import Origin, save_department, set_members
from accounts.models import Department, User
from tracker import clock
from tracker.actions.collectives import add_shares
from tracker.actions.extensions import ask_extension
from tracker.actions.filings import ask_filing, file_document
from tracker.actions.nodes import Planned, set_nodes
from tracker.actions.orders import instruct, nudge
from tracker.actions.readings import record_reading
from tracker.actions.reassign import reassign
from tracker.actions.work import move_assignment
from tracker.filetypes import Upload, examine
from tracker.models import Assignment, Plan, Target, Task
from tracker.workflow import Move

LAST_DAY = date(2024, 10, 18)  # the latest day on which something happens here

NODES = [
    Planned(date(2024, 10, 31), 40, "改造方案全部备案，设备进场"),
    Planned(date(2024, 11, 30), 70, "有组织排放改造完成"),
    Planned(date(2024, 12, 31), 100, "无组织排放改造完成并通过评估"),
]
READINGS = [
    ("市农业农村局", date(2024, 9, 30), "92.1", "三季度调度数。"),
    ("市农业农村局", date(2024, 10, 10), "93.4", "秋收前各县上报数。"),
    ("市农业农村局", date(2024, 10, 18), "94.2", "秋收过半，离田利用进展顺利。"),
    ("辉县市政府", date(2024, 10, 17), "95.6", ""),
]
FILED = ["辉县市政府", "红旗区政府", "卫辉市政府", "获嘉县政府", "长垣市政府"]


def show_each_thing(plan: Plan, today: date) -> None:
    """Instruct, nudge, waive, reassign, plan by nodes, measure, file, join late: once LAST_DAY has come."""
    if today < LAST_DAY:
        return
    coordinator = User.objects.get(region=plan.region, role=User.Role.COORDINATOR)
    _press(plan, coordinator)
    _let_off_and_hand_on(plan, coordinator)
    set_nodes(_task(plan, "21-2").pk, NODES, by=coordinator, now=_at(9))
    _measure(plan)
    _file(plan, coordinator)
    _join_late(plan, coordinator)


def _press(plan: Plan, coordinator: User) -> None:
    """On an overdue task a leader's words and a nudge; on one due soon a request for more time."""
    late = _task(plan, "9-1")
    instruct(
        late.pk,
        text="取暖季将至，请各责任单位月底前完成剩余改造，市环委办每周调度一次。",
        form_key=_key("instruct"),
        by=User.objects.get(region=plan.region, role=User.Role.LEADER),
        now=_at(16),
    )
    nudge(
        _share(late, "市发改委").pk,
        note="请先报天然气、电力保障方案。",
        form_key=_key("nudge"),
        by=coordinator,
        now=_at(18),
    )
    soon = _share(_task(plan, "10-3"), "市交通运输局")
    ask_extension(
        soon.pk,
        new_date=date(2024, 11, 20),
        reason="铁路部门的线路方案月底批复，批复后才能开工。",
        form_key=_key("extension"),
        by=_reporter(soon),
        now=_at(17),
    )


def _let_off_and_hand_on(plan: Plan, coordinator: User) -> None:
    kilns = _share(_task(plan, "2-2"), "卫滨区政府")
    move_assignment(
        kilns.pk, Move.WAIVE, by=coordinator, now=_at(14), note="区内没有烧结砖瓦窑企业，不再承担本项。"
    )
    coal = _share(_task(plan, "9-3"), "市交通运输局")
    reassign(
        coal.pk,
        department=Department.objects.get(region=plan.region, short_name="市商务局"),
        due_date=date(2024, 11, 15),
        reason="洁净型煤流通环节由市商务局负责，按职责分工调整。",
        form_key=_key("reassign"),
        by=coordinator,
        now=_at(17),
    )


def _measure(plan: Plan) -> None:
    task = _task(plan, "16-2")
    target = Target.objects.get(clause=task.clause_id)
    for unit, day, value, note in READINGS:
        share = _share(task, unit)
        record_reading(
            share.pk,
            target=target,
            value=Decimal(value),
            read_on=day,
            note=note,
            form_key=_key(f"reading/{unit}/{day}"),
            by=_reporter(share),
            now=_at(18),
        )


def _file(plan: Plan, coordinator: User) -> None:
    task = _task(plan, "36-4")
    request = ask_filing(
        task.pk,
        title="县（市、区）实施方案",
        due_date=date(2024, 10, 31),
        via=_share(task, FILED[0]).via,
        form_key=_key("filing"),
        by=coordinator,
        now=_at(10),
    )
    for day, unit in enumerate(FILED, start=14):
        share = _share(task, unit)
        name = f"{share.department.name}空气质量持续改善实施方案"
        file_document(
            request.pk,
            file=_document(name),
            form_key=_key(f"file/{unit}"),
            by=_reporter(share),
            now=_at(day),
        )


def _join_late(plan: Plan, coordinator: User) -> None:
    """A new unit becomes a member and has been given the first of its shares; the others wait."""
    origin = Origin(by=coordinator, now=_at(15))
    park = Department(
        region=plan.region,
        name="新乡市新材料产业园管理委员会",
        short_name="新材料产业园管委会",
        kind=Department.Kind.GOVERNMENT,
    )
    save_department(park, before=None, aliases=[], members=[], origin=origin)
    collective = Department.objects.get(region=plan.region, short_name="管委会")
    members = list(collective.members.all())
    shown = [member.pk for member in members]
    set_members(collective.pk, [*members, park], shown=shown, origin=origin)
    first = [(_task(plan, number).pk, park.pk) for number in ("36-2", "36-4")]
    add_shares(collective.pk, first, by=coordinator, now=_at(16))


def _document(title: str) -> Upload:
    """A Word file of one line, the same on every machine."""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
        '.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships'
        '/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body><w:p><w:r><w:t>{title}（演示文件）</w:t></w:r></w:p></w:body></w:document>",
    }
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())
    return examine(content, name=f"{title}.docx", size=len(content.getvalue()))


def _task(plan: Plan, number: str) -> Task:
    return Task.objects.get(plan=plan, number=number)


def _share(task: Task, unit: str) -> Assignment:
    return task.assignments.select_related("department").get(department__short_name=unit)


def _reporter(share: Assignment) -> User:
    return User.objects.filter(department=share.department_id, role=User.Role.REPORTER).order_by("pk")[0]


def _key(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"demo/loop/{name}")


def _at(day: int) -> datetime:
    """Half past two in the afternoon of a day of October 2024."""
    return datetime(2024, 10, day, 14, 30, tzinfo=clock.SHANGHAI)
