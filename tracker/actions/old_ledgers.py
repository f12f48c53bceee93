"""Bringing an old ledger: what its owner says of it step by step, and writing it, all or nothing."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Department, Region, User
from tracker.actions.carried import carry_progress
from tracker.actions.ledger_comparison import Comparison
from tracker.actions.ledger_rows import Settings
from tracker.actions.reassign import reassign
from tracker.actions.sheet_plans import Known, PlanSheet, PlanWriter, SheetRefused, mark_of
from tracker.actions.work import MoveRefused
from tracker.models import LedgerProfile, Plan, SheetJob

State = SheetJob.State
# The columns may be said again after a look, or after one that failed; not once it was confirmed.
BEFORE_ROWS = (State.COLUMNS, State.CHECKED, State.FAILED)
PROFILES_OF_REGION = 50
UNITS_OF_PROFILE = 1000


def _waiting(job_id: int, by: User, *states: str) -> SheetJob:
    """The person's own ledger, locked, where it waits in one of these states. Raises MoveRefused."""
    jobs = SheetJob.objects.of(by.pk).filter(pk=job_id, kind=SheetJob.Kind.LEDGER, confirmed_at=None)
    job = jobs.filter(state__in=states).select_for_update(of=("self",)).first()
    if job is None:
        raise MoveRefused(_("这份台账已经不在这一步，请看页面上现在的状态。"))
    return job


def _again(job: SheetJob, options: Mapping[str, Any]) -> None:
    """Put it back into the queue with these options."""
    job.options, job.state, job.done, job.total, job.attempts = dict(options), State.QUEUED, 0, 0, 0
    job.result, job.error = "", ""
    job.save(update_fields=["options", "state", "done", "total", "attempts", "result", "error"])


@transaction.atomic
def choose_sheet(job_id: int, *, sheet: int, head_row: int | None, by: User) -> None:
    """Read another worksheet of the file, or the heads in another row of it. Raises MoveRefused."""
    job = _waiting(job_id, by, *BEFORE_ROWS)
    _again(job, {"sheet": sheet, "head_row": head_row})


@transaction.atomic
def set_columns(
    job_id: int,
    *,
    columns: list[str],
    year: int,
    plan: int | None,
    title: str,
    finished: str,
    takes: bool,
    save_as: str,
    by: User,
    now: datetime,
) -> None:
    """Say what the columns mean and where the tasks go; the rows are looked at next. Raises MoveRefused."""
    job = _waiting(job_id, by, *BEFORE_ROWS)
    seen = job.report.get("columns", [])
    if not seen or len(columns) != len(seen):
        raise MoveRefused(_("这份台账已经不在这一步，请看页面上现在的状态。"))
    units = job.options.get("units", {})
    if save_as:
        heads = {column["bare"]: meant for column, meant in zip(seen, columns, strict=True) if column["bare"]}
        save_profile(save_as, heads=heads, units=units, by=by, now=now)
    options = {
        "sheet": job.report["sheet"],
        "head_row": job.options.get("head_row"),
        "columns": columns,
        "year": year,
        "plan": plan,
        "title": title,
        "finished": finished,
        "takes": takes,
        "units": units,
        "profile": save_as or job.options.get("profile", ""),
    }
    _again(job, options)


@transaction.atomic
def name_units(job_id: int, chosen: Mapping[str, int], *, by: User, now: datetime) -> None:
    """Say which units the unknown names are, 0 for none; the rows are looked at again. Raises MoveRefused."""
    job = _waiting(job_id, by, State.CHECKED)
    units = {**job.options.get("units", {}), **chosen}
    if profile := LedgerProfile.objects.filter(
        region=by.region_id, name=job.options.get("profile", "")
    ).first():
        save_profile(profile.name, heads=profile.heads, units=units, by=by, now=now)
    _again(job, {**job.options, "units": units})


@transaction.atomic
def confirm_ledger(job_id: int, *, look: str, skips: bool, by: User, now: datetime) -> None:
    """Take in what was looked at; `look` is the look that the person saw. Raises MoveRefused."""
    job = _waiting(job_id, by, State.CHECKED)
    report = job.report
    if look != report.get("look"):
        raise MoveRefused(_("您打开页面之后又核对过一遍，请看现在的结果再确认。"))
    if report["refused"] and not skips:
        raise MoveRefused(_("还有不能导入的行。改好后重新上传，或者勾选跳过这些行。"))
    if not report["new"] and not report["taken"]:
        raise MoveRefused(_("没有要导入的内容。"))
    job.confirmed_at = now
    job.options = {**job.options, "skips": skips}
    job.state, job.done, job.attempts = State.QUEUED, 0, 0
    job.save(update_fields=["confirmed_at", "options", "state", "done", "attempts"])


def save_profile(
    name: str, *, heads: Mapping[str, str], units: Mapping[str, int], by: User, now: datetime
) -> None:
    """Keep a reading of heads under this name; the same name again is corrected. Raises MoveRefused."""
    assert by.region_id
    region = LedgerProfile.objects.filter(region=by.region_id)
    if not region.filter(name=name).exists() and region.count() >= PROFILES_OF_REGION:
        raise MoveRefused(
            _("最多保存 %(limit)d 份列对照方案，请先删去不用的。") % {"limit": PROFILES_OF_REGION}
        )
    kept = dict(list(units.items())[:UNITS_OF_PROFILE])
    fields = {"heads": dict(heads), "units": kept, "saved_at": now, "saved_by": by}
    LedgerProfile.objects.update_or_create(region_id=by.region_id, name=name, defaults=fields)


def delete_profile(profile: LedgerProfile) -> None:
    """Forget a reading of heads; what was brought with it stays."""
    profile.delete()


def write_ledger(
    region: Region,
    settings: Settings,
    comparison: Comparison,
    mark: tuple[object, ...],
    *,
    by: User,
    file_name: str,
    now: datetime,
    and_then: Callable[[], None],
) -> None:
    """Make what is new, with its progress, and take the changes that a door exists for, in one transaction.

    Raises SheetRefused where the plan, a unit or a share is no longer as it was looked at.
    """
    with transaction.atomic():
        # Two sheets for one region wait for each other, so that neither makes the other's plan again.
        Region.objects.select_for_update(no_key=True).get(pk=region.pk)
        if comparison.wanted:
            known = {number: Known(number, "") for number in comparison.numbers}
            sheet = PlanSheet(settings.title, settings.plan, mark, known, wanted=comparison.wanted)
            made = PlanWriter(region, sheet, by=by, file_name=file_name, now=now).write()
            key_of = {new.number: key for key, new in comparison.wanted.items()}
            found = [
                (share, carried)
                for share in made
                if (carried := comparison.carried.get(key_of[share.task.number], {}).get(share.department_id))
            ]
            try:
                carry_progress(found, by=by, now=now)
            except MoveRefused as refusal:
                raise SheetRefused(str(refusal)) from refusal
        elif settings.plan is not None and mark_of(settings.plan) != mark:
            raise SheetRefused(_("核对之后，方案《%(title)s》有了变动。") % {"title": settings.title})
        if settings.takes:
            _reassign(comparison, by=by, file_name=file_name, now=now)
        and_then()


def _reassign(comparison: Comparison, *, by: User, file_name: str, now: datetime) -> None:
    reason = _("由旧台账导入：%(name)s") % {"name": file_name}
    units = Department.objects.in_bulk({unit for _share, unit, _row in comparison.reassigned})
    for share, unit, row in comparison.reassigned:
        try:
            reassign(
                share.pk,
                department=units[unit],
                due_date=None,
                reason=reason,
                form_key=uuid4(),
                by=by,
                now=now,
                version=share.version,
            )
        except (MoveRefused, KeyError) as refusal:
            raise SheetRefused(_("第 %(row)d 行：%(why)s") % {"row": row, "why": refusal}) from refusal


def profile_for(region: int, names: Iterable[str]) -> LedgerProfile | None:
    """The newest saved reading whose heads are all there; of two, the one that knows more of them."""
    present = set(names)
    fits = [
        profile
        for profile in LedgerProfile.objects.of_region(region)[:PROFILES_OF_REGION]
        if (wanted := {head for head, meant in profile.heads.items() if meant}) and wanted <= present
    ]
    return max(fits, key=lambda profile: sum(bool(meant) for meant in profile.heads.values()), default=None)


def plan_named(region: int, title: str) -> Plan | None:
    """The region's plan of this title: rather a live one than a draft, one that was superseded last."""
    order = [Plan.Status.LIVE, Plan.Status.DRAFT, Plan.Status.SUPERSEDED]
    plans = Plan.objects.filter(region=region, title=title).without_source().order_by("pk")
    return min(plans, key=lambda plan: order.index(Plan.Status(plan.status)), default=None)
