"""Check the history of all tasks: manage.py verify_history [--files]. Exit 1 and a line for each finding."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker import audit
from tracker.models import Task, TaskEvent


class Command(BaseCommand):
    help = "核对办理过程：逐项任务重算留痕的哈希链，并与现状对照；有改动、缺失或错序的，逐条列出并返回 1。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--files", action="store_true", help="同时核对佐证材料和备案材料的文件")

    def handle(self, *args: Any, files: bool, **options: Any) -> None:
        keys = list(Task.objects.order_by("pk").values_list("pk", flat=True))
        found = 0
        for finding in audit.verify(keys):
            self.stderr.write(str(finding))
            found += 1
        for words in audit.file_findings() if files else ():
            self.stderr.write(words)
            found += 1
        if found:
            raise CommandError(f"发现 {found} 处问题。", returncode=1)
        count = TaskEvent.objects.count()
        self.stdout.write(f"核对无误：任务 {len(keys)} 项，记录 {count} 条。总指纹 {audit.fingerprint()}")
