"""manage.py index_clauses: make the index of like clauses anew."""

from typing import Any

from django.core.management.base import BaseCommand

from tracker.actions.clause_index import index_all_anew


class Command(BaseCommand):
    help = "重建相近任务的索引（平时自动维护，仅在升级说明要求时运行）"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"已索引 {index_all_anew()} 个子句")
