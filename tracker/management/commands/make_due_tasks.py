"""Make the tasks of recurring clauses whose next period has come into reach, by hand."""

from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand

from tracker import clock
from tracker.actions.series import extend_series


class Command(BaseCommand):
    """The same action as the hourly job; running it again makes nothing twice."""

    help = "生成周期任务中已到提醒期的下一期任务；停机期间漏掉的各期一并补上。可以重复执行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--today", type=date.fromisoformat, metavar="YYYY-MM-DD", help="按这一天判断（默认今天）"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if options["today"]:
            now = datetime.combine(options["today"], now.timetz())
        made = extend_series(today=now.date(), now=now)
        self.stdout.write(f"{now:%Y-%m-%d} 生成任务{made.tasks}项，责任{made.assignments}项。")
        if made.joined:
            self.stdout.write(f"原有任务{made.joined}项列入周期。")
        if not made.is_complete:
            self.stdout.write("已达一次生成的上限，请再执行一次。")
