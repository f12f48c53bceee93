"""Who may see and do what: one-line predicates, and loading with permission or 404.

A unit's people see the tasks their department has a share in. Coordinators and leaders see their region and
the regions below it; only coordinators of the region itself write there. Administrators read everything.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import Department, DepartmentQuerySet, Region, User
from tracker.models import (
    ApiToken,
    Assignment,
    ClauseGram,
    Evidence,
    ExtensionRequest,
    Filing,
    FilingRequest,
    LedgerProfile,
    Letter,
    Plan,
    PlanImport,
    ProgressReport,
    ReportDraft,
    Series,
    SheetJob,
    TargetReading,
    Task,
    TaskEvent,
)
from tracker.models.api_tokens import ApiTokenQuerySet
from tracker.models.assignments import AssignmentQuerySet
from tracker.models.duties import ClauseGramQuerySet
from tracker.models.evidence import EvidenceQuerySet
from tracker.models.extensions import ExtensionRequestQuerySet
from tracker.models.filings import FilingQuerySet, FilingRequestQuerySet
from tracker.models.imports import PlanImportQuerySet
from tracker.models.letters import LetterQuerySet
from tracker.models.plans import PlanQuerySet
from tracker.models.readings import TargetReadingQuerySet
from tracker.models.report_drafts import ReportDraftQuerySet
from tracker.models.reports import ProgressReportQuerySet
from tracker.models.tasks import TaskQuerySet
from tracker.workflow import Move, Role, Status, next_status

TASK_PAGE = ("region", "plan", "measure", "clause", "series__ended_by")


def visible_regions(user: User) -> QuerySet[Region]:
    """Regions whose plans, tasks and ledger this person may read."""
    if user.is_administrator:
        return Region.objects.all()
    if user.region is None:
        return Region.objects.none()
    if user.is_unit_person:
        return Region.objects.filter(pk=user.region.pk)
    return Region.objects.within(user.region)


def visible_assignments(user: User) -> AssignmentQuerySet:
    """A unit's people see their own unit's shares; the others see all of their regions."""
    if user.is_unit_person and user.department_id:
        return Assignment.objects.for_department(user.department_id)
    return Assignment.objects.in_regions(visible_regions(user))


def reviewable_assignments(user: User) -> AssignmentQuerySet:
    """What waits for this person's review: the submissions of a coordinator's own region."""
    waiting = Assignment.objects.awaiting_review()
    return waiting.in_region(user.region_id) if user.is_coordinator else waiting.none()


def visible_units(user: User) -> DepartmentQuerySet:
    """A unit's people see their own; the others those of their regions, and whoever has work there."""
    if user.is_unit_person and user.department_id:
        return Department.objects.filter(pk=user.department_id)
    with_work = Exists(visible_assignments(user).filter(department=OuterRef("pk")))
    return Department.objects.filter(Q(region__in=visible_regions(user)) | with_work)


def visible_tasks(user: User) -> TaskQuerySet:
    """Tasks in which the person's unit has a share, or of the person's regions."""
    if user.is_unit_person:
        # Not by a join: a unit that got the task back has two shares of it.
        shares = Assignment.objects.filter(department=user.department_id)
        return Task.objects.filter(pk__in=shares.values("task"))
    return Task.objects.filter(region__in=visible_regions(user))


def visible_plans(user: User) -> PlanQuerySet:
    """Plans given out in the person's regions, superseded ones too, and those a unit has work of; drafts only
    for the coordinators."""
    plans = Plan.objects.in_regions(visible_regions(user))
    if user.is_unit_person:
        plans |= Plan.objects.with_work(visible_assignments(user))
    if user.is_coordinator:
        return plans.given_out() | plans.never_given_out().filter(region=user.region_id)
    return plans.given_out()


def visible_reports(user: User, task: Task) -> ProgressReportQuerySet:
    """A unit's people read their own unit's reports on a task; the others read all."""
    reports = ProgressReport.objects.of_task(task)
    return reports.for_department(user.department_id) if user.is_unit_person else reports


def visible_evidence(user: User) -> EvidenceQuerySet:
    """The files of the reports that this person may read."""
    if user.is_unit_person:
        return Evidence.objects.for_department(user.department_id)
    return Evidence.objects.filter(assignment__region__in=visible_regions(user))


def visible_report_drafts(user: User) -> ReportDraftQuerySet:
    """A draft is its writer's alone, and only as long as the work is the writer's unit's."""
    return ReportDraft.objects.by(user.pk).for_department(user.department_id)


def visible_extensions(user: User) -> ExtensionRequestQuerySet:
    """A unit's people see what their own unit asked for; the others see all of their regions."""
    if user.is_unit_person:
        return ExtensionRequest.objects.for_department(user.department_id)
    return ExtensionRequest.objects.filter(assignment__region__in=visible_regions(user))


def visible_readings(user: User) -> TargetReadingQuerySet:
    """A unit's people see their own unit's figures; the others see all of their regions."""
    if user.is_unit_person:
        return TargetReading.objects.for_department(user.department_id)
    return TargetReading.objects.filter(assignment__region__in=visible_regions(user))


def decidable_extensions(user: User) -> ExtensionRequestQuerySet:
    """What waits for this person's answer: the open requests of a coordinator's own region."""
    waiting = ExtensionRequest.objects.open()
    return waiting.in_region(user.region_id) if user.is_coordinator else waiting.none()


def visible_filing_requests(user: User) -> FilingRequestQuerySet:
    """A unit's people see what is asked of their own unit; the others see all of their regions."""
    if user.is_unit_person:
        return FilingRequest.objects.asked_of(user.department_id)
    return FilingRequest.objects.in_regions(visible_regions(user))


def visible_filings(user: User) -> FilingQuerySet:
    """A unit's people read what their own unit filed; the others all of their regions."""
    if user.is_unit_person:
        return Filing.objects.for_department(user.department_id)
    return Filing.objects.in_regions(visible_regions(user))


def visible_collectives(user: User) -> DepartmentQuerySet:
    """The collectives of the person's regions; not for a unit's people, who see their own work only."""
    collectives = Department.objects.of_kind(Department.Kind.COLLECTIVE)
    return collectives.none() if user.is_unit_person else collectives.in_regions(visible_regions(user))


def visible_imports(user: User) -> PlanImportQuerySet:
    """The files on their way to a draft: only for the coordinators of the region itself, as drafts are."""
    imports = PlanImport.objects.in_region(user.region_id)
    return imports if can_import_plan(user) else imports.none()


def can_read_words(user: User, event: TaskEvent) -> bool:
    """Whether the person may read what was written with an event: a unit reads nothing of another's."""
    if not user.is_unit_person or event.assignment is None:
        return True
    return belongs_to_unit(user, event.assignment)


def can_import_plan(user: User) -> bool:
    return user.is_coordinator


def can_edit_draft(user: User, plan: Plan) -> bool:
    return plan.is_draft and can_set_rules(user, plan)


def can_set_rules(user: User, plan: Plan) -> bool:
    """What a plan asks of its units is for the region's own coordinators to say, draft or live."""
    return coordinates(user, plan)


def can_see_overview(user: User) -> bool:
    return not user.is_unit_person


def can_review(user: User) -> bool:
    return user.is_coordinator


def belongs_to_unit(user: User, assignment: Assignment) -> bool:
    return user.is_unit_person and user.department_id == assignment.department_id


def coordinates(user: User, found: Plan | Series | Task | Assignment | Department | Letter) -> bool:
    """Only coordinators of the region itself, not of one above it."""
    return user.is_coordinator and user.region_id == found.region_id


def can_move(user: User, assignment: Assignment, move: str) -> bool:
    """Whether the person may make this move now: the right side, and a move the table allows."""
    right_side = belongs_to_unit(user, assignment) if move in Move.by_unit else coordinates(user, assignment)
    return move != Move.CLOSE_WITH_TASK and right_side and next_status(move, assignment.status) is not None


def can_withdraw(user: User, given: ProgressReport | TargetReading) -> bool:
    """The unit's people take back what they gave as long as the work is theirs."""
    is_carried = isinstance(given, ProgressReport) and given.is_carried
    is_open = given.assignment.status == Status.ACTIVE and not given.is_withdrawn and not is_carried
    return is_open and belongs_to_unit(user, given.assignment)


def can_ask_extension(user: User, assignment: Assignment) -> bool:
    """Only while the unit's clock runs towards a date."""
    has_date = assignment.status in Status.with_unit and assignment.due_date is not None
    return has_date and belongs_to_unit(user, assignment)


def can_decide_extension(user: User, request: ExtensionRequest) -> bool:
    return request.is_open and coordinates(user, request.assignment)


def can_end_series(user: User, series: Series) -> bool:
    return series.goes_on and coordinates(user, series)


def leads(user: User, task: Task) -> bool:
    return user.is_leader and user.region_id == task.region_id


def can_instruct(user: User, task: Task) -> bool:
    """A leader of the task's own region, while there is somebody to act on it."""
    return task.closed_at is None and leads(user, task)


def can_nudge(user: User, assignment: Assignment) -> bool:
    """Only whose turn it is can be urged on; the cool-down is no matter of permission."""
    return assignment.status in Status.with_unit and coordinates(user, assignment)


def plans_work(user: User, task: Task) -> bool:
    """Who keeps the nodes of a task: the region's coordinators, and the people of a unit that leads it."""
    if user.is_unit_person:
        return task.assignments.in_force().filter(department=user.department_id, role=Role.LEAD).exists()
    return coordinates(user, task)


def can_set_nodes(user: User, task: Task) -> bool:
    return task.closed_at is None and plans_work(user, task)


def can_record_reading(user: User, assignment: Assignment) -> bool:
    """The unit's people give figures as long as the work is theirs, as they report."""
    return assignment.status == Status.ACTIVE and belongs_to_unit(user, assignment)


def can_add_shares(user: User, collective: Department) -> bool:
    """Give a late member of a collective its shares: the coordinators of the collective's own region."""
    return coordinates(user, collective)


def can_ask_filing(user: User, task: Task) -> bool:
    return task.closed_at is None and coordinates(user, task)


def can_cancel_filing(user: User, request: FilingRequest) -> bool:
    return not request.is_cancelled and coordinates(user, request.task)


def can_file(user: User, request: FilingRequest, assignment: Assignment) -> bool:
    """The people of a unit that is asked, also after its share was closed: a document may come late."""
    return not request.is_cancelled and request.asks(assignment) and belongs_to_unit(user, assignment)


def can_download_filings(user: User) -> bool:
    """All units' documents at once; a unit's people have their own only."""
    return not user.is_unit_person


def get_plan_for(user: User, pk: int) -> Plan:
    """The plan if this person may read it. Raises Http404 otherwise."""
    plans = visible_plans(user).select_related("region", "previous_edition")
    return get_object_or_404(plans.defer("previous_edition__source_text"), pk=pk)


def get_own_plan_for(user: User, pk: int) -> Plan:
    """The plan if this person may say what it asks of its units. Raises Http404 otherwise."""
    plan = get_plan_for(user, pk)
    if not can_set_rules(user, plan):
        raise Http404
    return plan


def get_draft_for(user: User, pk: int) -> Plan:
    """The draft if this person may edit it. Raises Http404 otherwise."""
    plan = get_plan_for(user, pk)
    if not can_edit_draft(user, plan):
        raise Http404
    return plan


def get_task_for(user: User, pk: int) -> Task:
    """The task if this person may read it. Raises Http404 otherwise."""
    return get_object_or_404(visible_tasks(user).select_related(*TASK_PAGE), pk=pk)


def get_assignment_for(user: User, pk: int) -> Assignment:
    """The assignment if this person may read it. Raises Http404 otherwise."""
    with_page = visible_assignments(user).select_related("task__clause", "department", "plan", "region")
    return get_object_or_404(with_page, pk=pk)


def get_unit_for(user: User, pk: int) -> Department:
    """The unit if this person may read how it stands. Raises Http404 otherwise."""
    return get_object_or_404(visible_units(user).select_related("region"), pk=pk)


def get_extension_for(user: User, pk: int) -> ExtensionRequest:
    """The request for more time if this person may read it. Raises Http404 otherwise."""
    return get_object_or_404(visible_extensions(user).for_page(), pk=pk)


def get_series_for(user: User, pk: int) -> Series:
    """The series if this person coordinates its region. Raises Http404 otherwise."""
    if not user.is_coordinator:
        raise Http404
    return get_object_or_404(Series.objects.for_page().filter(region=user.region_id), pk=pk)


def get_report_for(user: User, pk: int) -> ProgressReport:
    """The report if it is of this person's own unit. Raises Http404 otherwise."""
    if not user.is_unit_person:
        raise Http404
    return get_object_or_404(ProgressReport.objects.for_department(user.department_id).for_page(), pk=pk)


def get_reading_for(user: User, pk: int) -> TargetReading:
    """The reading if it is of this person's own unit. Raises Http404 otherwise."""
    if not user.is_unit_person:
        raise Http404
    return get_object_or_404(TargetReading.objects.for_department(user.department_id).for_page(), pk=pk)


def get_evidence_for(user: User, pk: int) -> Evidence:
    """The file if this person may read its report. Raises Http404 otherwise."""
    return get_object_or_404(visible_evidence(user), pk=pk)


def get_collective_for(user: User, pk: int) -> Department:
    """The collective if this person may read its work. Raises Http404 otherwise."""
    return get_object_or_404(visible_collectives(user).select_related("region"), pk=pk)


def get_filing_request_for(user: User, pk: int) -> FilingRequest:
    """What is asked for, if this person may read it. Raises Http404 otherwise."""
    return get_object_or_404(visible_filing_requests(user).for_page(), pk=pk)


def get_filing_for(user: User, pk: int) -> Filing:
    """The filed document if this person may read it. Raises Http404 otherwise."""
    return get_object_or_404(visible_filings(user), pk=pk)


def visible_letters(user: User) -> LetterQuerySet:
    """A unit's people read the letters to their own unit; the others all of their regions."""
    if user.is_unit_person:
        return Letter.objects.to_department(user.department_id)
    return Letter.objects.in_regions(visible_regions(user))


def can_write_letter(user: User, unit: Department) -> bool:
    """A coordinator writes to whoever has work of the own region, wherever that unit belongs."""
    work = Assignment.objects.in_region(user.region_id).for_department(unit)
    return user.is_coordinator and work.exists()


def can_withdraw_letter(user: User, letter: Letter) -> bool:
    return not letter.is_withdrawn and coordinates(user, letter)


def can_print_all_sheets(user: User) -> bool:
    """The daily sheets of all units at once, for a coordinator to hand out."""
    return user.is_coordinator


def can_keep_paper_templates(user: User) -> bool:
    return user.is_administrator


def get_letter_unit_for(user: User, pk: int) -> Department:
    """The unit if this person may write it a letter. Raises Http404 otherwise."""
    unit = get_unit_for(user, pk)
    if not can_write_letter(user, unit):
        raise Http404
    return unit


def get_letter_for(user: User, pk: int) -> Letter:
    """The letter if this person may read it. Raises Http404 otherwise."""
    return get_object_or_404(visible_letters(user).for_page(), pk=pk)


def get_own_letter_for(user: User, pk: int) -> Letter:
    """The letter if it is of this coordinator's own region. Raises Http404 otherwise."""
    letter = get_letter_for(user, pk)
    if not coordinates(user, letter):
        raise Http404
    return letter


def get_sheet_job_for(user: User, pk: int) -> SheetJob:
    """The background file if it is this person's own; nobody else's business. Raises Http404 otherwise."""
    return get_object_or_404(SheetJob.objects.of(user.pk), pk=pk)


def get_old_ledger_for(user: User, pk: int) -> SheetJob:
    """The old ledger that this coordinator is bringing. Raises Http404 otherwise."""
    if not can_import_plan(user):
        raise Http404
    return get_object_or_404(SheetJob.objects.of(user.pk).filter(kind=SheetJob.Kind.LEDGER), pk=pk)


def get_ledger_profile_for(user: User, pk: int) -> LedgerProfile:
    """A saved reading of heads, if it is of this coordinator's own region. Raises Http404 otherwise."""
    if not can_import_plan(user):
        raise Http404
    return get_object_or_404(LedgerProfile.objects.filter(region=user.region_id), pk=pk)


def get_import_for(user: User, pk: int) -> PlanImport:
    """The import if this person may see it, and so may stop it. Raises Http404 otherwise."""
    return get_object_or_404(visible_imports(user).for_page(), pk=pk)


def visible_api_tokens(user: User) -> ApiTokenQuerySet:
    """A person's own tokens; for administrators everybody's. Whoever sees one may revoke it."""
    return ApiToken.objects.all() if user.is_administrator else ApiToken.objects.of(user)


def scopes_to_give(user: User) -> list[ApiToken.Scope]:
    """What a token of this person's may open: only a unit's people report."""
    return list(ApiToken.Scope) if user.is_unit_person else [ApiToken.Scope.READ]


def get_api_token_for(user: User, pk: int) -> ApiToken:
    """The token if this person may revoke it. Raises Http404 otherwise."""
    return get_object_or_404(visible_api_tokens(user).select_related("owner"), pk=pk)


def can_report_for(user: User, assignment: Assignment) -> bool:
    """Who brings in what a unit filled in offline: its own people, or a coordinator for them."""
    return belongs_to_unit(user, assignment) or coordinates(user, assignment)


def reportable_assignments(user: User, unit: Department) -> AssignmentQuerySet:
    """The unit's shares that this person may bring in reports of; a coordinator those of the own region."""
    shares = visible_assignments(user).for_department(unit)
    if user.is_unit_person:
        return shares
    return shares.in_region(user.region_id) if user.is_coordinator else shares.none()


def get_reporting_unit_for(user: User, pk: int) -> Department:
    """The unit if this person may bring in its report sheet. Raises Http404 otherwise."""
    unit = get_unit_for(user, pk)
    if not user.is_unit_person and not can_write_letter(user, unit):
        raise Http404
    return unit


def visible_grams(user: User) -> ClauseGramQuerySet:
    """What clauses are found by: given out in the person's regions; for a unit's people, in its tasks."""
    if user.is_unit_person:
        return ClauseGram.objects.filter(clause__in=visible_tasks(user).values("clause"))
    return ClauseGram.objects.of_plans(Plan.objects.in_regions(visible_regions(user)).given_out())


def can_link(user: User, task: Task) -> bool:
    """Which tasks are one duty is for the coordinators of the region of all of them to say."""
    return coordinates(user, task)
