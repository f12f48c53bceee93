"""Plan and send today's reminders by hand, or show what would be sent."""

from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Region
from notifications.actions.delivery import deliver_many
from notifications.actions.planning import MESSAGE_LIMIT, PlannedDigest, plan_reminders
from tracker import clock


class Command(BaseCommand):
    """The same action as the hourly job; sends at once, so that no worker is needed."""

    help = (
        "生成并发送当日提醒；--dry-run 只显示谁会收到什么、为什么，不写入也不发送。"
        "选定了提醒时刻的人，时刻未到的留给之后的运行，除非加 --any-hour。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="只显示，不写入，不发送")
        parser.add_argument("--today", type=_date, metavar="YYYY-MM-DD", help="按这一天判断（默认今天）")
        parser.add_argument("--region", metavar="名称", help="只处理这个地区")
        parser.add_argument("--no-limit", action="store_true", help=f"允许一次发送超过{MESSAGE_LIMIT}封")
        parser.add_argument("--any-hour", action="store_true", help="不等各人选定的时刻，一并发送")

    def handle(self, *args: Any, **options: Any) -> None:
        started = now = clock.now()
        if options["today"]:
            now = datetime.combine(options["today"], now.timetz())
        result = plan_reminders(
            today=now.date(),
            now=now,
            region=_region(options["region"]) if options["region"] else None,
            dry_run=options["dry_run"],
            limit=None if options["no_limit"] else MESSAGE_LIMIT,
            any_hour=options["any_hour"],
        )
        if result.is_provisional:
            self.stdout.write(f"{now.year}年节假日安排尚未公布，按周末推算。")
        for line in result.unreachable:
            self.stdout.write(f"无法送达：{line}，没有登记邮箱的在用人员。")
        if result.is_held:
            raise CommandError(f"本次将发送的邮件超过{MESSAGE_LIMIT}封，已暂停。核对后加 --no-limit 再执行。")
        if result.later:
            self.stdout.write(f"另有{result.later}人选定的时刻未到（--any-hour 一并发送）。")
        if options["dry_run"]:
            for planned in result.digests:
                self._show(planned)
            self.stdout.write(f"{now:%Y-%m-%d} 将发送{len(result.digests)}封。未写入，未发送。")
            return
        states = deliver_many(message_ids=result.message_ids, now=lambda: now + (clock.now() - started))
        sent = states.count("SENT")
        self.stdout.write(
            f"{now:%Y-%m-%d} 生成{len(states)}封，已发送{sent}封，未成功{len(states) - sent}封。"
        )

    def _show(self, planned: PlannedDigest) -> None:
        person = planned.recipient
        self.stdout.write(f"{person.name} <{person.address or '仅站内'}> {planned.digest.subject_line}")
        for section in planned.digest.sections:
            for item in section.items:
                matter = item.matter
                self.stdout.write(
                    f"  {section.title} | {matter.number} {matter.short_text} | {matter.unit} | "
                    f"{matter.due_zh} | {item.reasons}"
                )


def _date(value: str) -> date:
    return date.fromisoformat(value)


def _region(name: str) -> Region:
    region = Region.objects.filter(name=name).first()
    if region is None:
        raise CommandError(f"没有名为“{name}”的地区。")
    return region
