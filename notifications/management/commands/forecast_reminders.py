"""Show who will get which reminders in the coming days. Writes and sends nothing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Department, Region, User
from notifications.forecast import FORECAST_DAYS, first_planning_day, forecast
from notifications.workdays import zh_date
from tracker import clock
from tracker.models import Assignment, Task

MOST_DAYS = 366


class Command(BaseCommand):
    """The page 接下来的提醒 for a terminal, with everybody's rights."""

    help = "推算接下来一段时间谁会因何收到提醒，假定期间没有人签收、填报；不写入，不发送。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=FORECAST_DAYS, help=f"天数（默认{FORECAST_DAYS}）")
        parser.add_argument("--region", metavar="名称", help="只推算这个地区")
        parser.add_argument("--task", type=int, metavar="序号", help="任务页网址中的数字")
        parser.add_argument("--unit", metavar="名称", help="责任单位的全称或简称")
        parser.add_argument("--person", metavar="账号", help="收件人的登录账号")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"天数要在1到{MOST_DAYS}之间。")
        region = _region(options["region"]) if options["region"] else None
        found = forecast(
            Assignment.objects.in_region(region.pk) if region else Assignment.objects.all(),
            first=first_planning_day(clock.now()),
            days=options["days"],
            task=_task(options["task"]) if options["task"] is not None else None,
            unit=_unit(options["unit"], region) if options["unit"] else None,
            person=_person(options["person"]) if options["person"] else None,
        )
        for line in found.expected:
            readers = line.names or "无法送达：没有在用人员"
            self.stdout.write(
                f"{zh_date(line.day)} | {readers} | {line.matter.number} {line.matter.short_text} | "
                f"{line.matter.unit} | {line.stage_label} | {line.due.reason_zh}"
            )
        if found.found > found.taken:
            self.stdout.write(f"共有{found.found}项可能需要提醒，只推算了时限最早的{found.taken}项。")
        if found.is_provisional:
            self.stdout.write("期间有节假日安排尚未公布的年份，按周末推算。")
        self.stdout.write(f"{found.first} 至 {found.last}：{len(found.expected)}条。未写入，未发送。")


def _task(pk: int) -> Task:
    task = Task.objects.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if task is None:
        raise CommandError(f"没有序号为{pk}的任务。")
    return task


def _region(name: str) -> Region:
    region = Region.objects.filter(name=name).first()
    if region is None:
        raise CommandError(f"没有名为“{name}”的地区。")
    return region


def _unit(name: str, region: Region | None) -> Department:
    units = Department.objects.in_region(region) if region else Department.objects.all()
    named = list(units.filter(name=name)[:2]) or list(units.filter(short_name=name)[:2])
    if not named:
        raise CommandError(f"没有名为“{name}”的单位。")
    if len(named) > 1:
        raise CommandError(f"名为“{name}”的单位不止一个：请写全称，或用 --region 指明地区。")
    return named[0]


def _person(username: str) -> User:
    person = User.objects.filter(username=username).first()
    if person is None:
        raise CommandError(f"没有账号“{username}”。")
    return person
