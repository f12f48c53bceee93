"""`manage.py import_plan FILE --region NAME [--confirm] [--reference-date D]`."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.timezone import localtime

from accounts.models import Region
from tracker import clock, documents
from tracker.actions.confirm import ConfirmRefused, confirm_plan
from tracker.actions.plans import ImportResult, import_plan
from tracker.models import PlanUnit
from tracker.parser import UnreadableDocument


class Command(BaseCommand):
    help = "导入方案文件，生成草稿；加 --confirm 则随即生成任务。同一内容重复导入不产生任何变化。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="方案文件（txt、html）")
        parser.add_argument("--region", required=True, help="地区名称或区划代码")
        parser.add_argument("--confirm", action="store_true", help="没有待处理事项时直接生成任务")
        parser.add_argument(
            "--reference-date",
            type=date.fromisoformat,
            help="方案未注明日期时，用来推定年份的日期（YYYY-MM-DD）",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        region = self._region(options["region"])
        path: Path = options["file"]
        try:
            parsed = documents.parse_upload(
                path.read_bytes(), path.name, reference_date=options["reference_date"] or now.date()
            )
        except OSError as error:
            raise CommandError(f"{path}：无法打开（{error.strerror}）。") from error
        except UnreadableDocument as error:
            raise CommandError(f"{error.file}：{error.reason}") from error
        with transaction.atomic():
            result = import_plan(parsed, region=region, by=None, now=now)
            self._report(result)
            if options["confirm"] and result.plan.is_draft:
                self._confirm(result)

    def _region(self, name: str) -> Region:
        found = list(Region.objects.filter(name=name)) or list(Region.objects.filter(code=name))
        if len(found) != 1:
            known = "、".join(Region.objects.order_by("code").values_list("name", flat=True)[:60])
            problem = "没有这个地区" if not found else "有多个同名地区，请改用区划代码"
            raise CommandError(f"{name}：{problem}。现有地区：{known or '（无）'}")
        return found[0]

    def _report(self, result: ImportResult) -> None:
        plan = result.plan
        if not result.is_new:
            day = f"{localtime(plan.created_at):%Y-%m-%d}"
            self.stdout.write(f"《{plan.title}》已于 {day} 导入，内容相同，未作改动。")
        self.stdout.write(
            f"《{plan.title}》：条目 {result.measures}，子句 {result.clauses}"
            f"（其中与责任清单重复、不另生成任务 {result.skipped}），"
            f"已识别单位 {result.matched_units}，待确认单位 {result.unknown_units}，疑点 {result.doubts}。"
        )
        for unit in plan.units.filter(resolution=PlanUnit.Resolution.UNKNOWN).order_by("pk"):
            self.stdout.write(f"  待确认单位：{unit.name}")
        for doubt in plan.doubts.open().order_by("start", "pk"):
            self.stdout.write(f"  疑点：{doubt.message}")

    def _confirm(self, result: ImportResult) -> None:
        try:
            made = confirm_plan(result.plan.pk, by=None, now=clock.now())
        except ConfirmRefused as refused:
            raise CommandError("不能生成任务：" + "；".join(refused.reasons)) from refused
        self.stdout.write(
            f"已生成任务 {made.tasks} 项、责任 {made.assignments} 项，涉及单位 {made.departments} 个；"
            f"跳过 {made.skipped} 条，无责任单位 {made.unassigned} 条。"
        )
