"""Enter the days of a notice from a file, as the page 工作日历 does: with what moves, all or nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions import Origin
from notifications.actions.calendar import CalendarRefused, keep_days, look_ahead
from notifications.calendar_year import years_shown
from notifications.forecast import first_planning_day
from notifications.notices import NOTICE_LIMIT, days_said, read_notice, year_said
from notifications.workdays import zh_date
from tracker import clock
from tracker.parser import UnreadableDocument
from tracker.parser.readers import decode

MOST_BYTES = 100_000


class Command(BaseCommand):
    """The page's door, for the machine room."""

    help = "录入一个文件里的放假、调休上班日期，列出因此换了日子的提醒；有一行看不懂就一行也不录入。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="通知原文，或一行一段的日期（文本文件）")
        parser.add_argument("--year", type=int, metavar="YYYY", help="哪一年的安排（默认按文件里写的）")
        parser.add_argument("--dry-run", action="store_true", help="只显示，不写入")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        text = _read(options["file"])
        year = options["year"] or year_said(text)
        years = years_shown(now.date())
        if year is None or year not in years:
            raise CommandError(f"请用 --year 写明年份，{years[0]}至{years[-1]}之间。")
        lines = read_notice(text, year)
        for line in lines:
            told = "；".join(map(str, line.statements)) or line.refusal or "没有日期安排，略过"
            self.stdout.write(f"第{line.number}行{'不能录入' if line.refusal else ''}：{told}")
        if any(line.refusal for line in lines):
            raise CommandError("有看不懂的行，一行都没有录入。")
        wanted = look_ahead(days_said(lines), first=first_planning_day(now))
        if not wanted.changes:
            self.stdout.write("没有变化。")
            return
        if not options["dry_run"]:
            try:
                keep_days(wanted, version=wanted.version, origin=Origin(by=None, now=now))
            except CalendarRefused as refusal:
                raise CommandError(str(refusal)) from refusal
        for change in wanted.lines:
            self.stdout.write(f"变化：{change}")
        moves = wanted.moves
        for move in moves.listed:
            was = zh_date(move.from_day) if move.from_day else "不单独提醒"
            now_on = zh_date(move.to_day) if move.to_day else "不再单独提醒"
            matter = move.matter
            self.stdout.write(
                f"{matter.number} {matter.short_text} | {matter.unit} | {move.stage_label} | {was} → {now_on}"
            )
        if moves.is_cut:
            self.stdout.write(f"未办结的责任较多，只核对了{moves.looked_at}项。")
        self.stdout.write(
            f"{moves.first} 至 {moves.last}，{moves.count}条提醒的日子变动，"
            f"其中报督办员、领导的{moves.escalations}条。{'未写入。' if options['dry_run'] else '已保存。'}"
        )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}：无法打开（{error.strerror}）。") from error
    if len(data) > MOST_BYTES:
        raise CommandError(f"{path}：文件太大，这不像一份通知。")
    try:
        text = decode(data, path.name)
    except UnreadableDocument as error:
        raise CommandError(f"{error.file}：{error.reason}") from error
    if len(text) > NOTICE_LIMIT:
        raise CommandError(f"{path}：最多{NOTICE_LIMIT}字。")
    return text
