"""The back office for plans and tasks. It shows; what people did to a task changes only through actions."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.takeaway import OutgoingMixin
from tracker.models import (
    Assignment,
    Evidence,
    ExtensionRequest,
    Filing,
    FilingRequest,
    Instruction,
    Measure,
    Node,
    Nudge,
    Plan,
    PlanImport,
    ProgressReport,
    Series,
    TargetReading,
    Task,
    TaskEvent,
)
from tracker.takeaway import AssignmentExport, PlanExport, ProgressReportExport, TaskExport


class ReadOnly(admin.ModelAdmin):
    """Look, don't touch: no adding, changing or deleting, whatever permissions a person has."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Plan)
class PlanAdmin(OutgoingMixin, admin.ModelAdmin):
    resource_classes = [PlanExport]
    list_display = ["title", "document_number", "region", "issued_on", "status", "asks_evidence"]
    list_filter = ["status", "region"]
    list_select_related = ["region"]
    search_fields = ["title", "document_number"]
    ordering = ["-issued_on", "-pk"]
    fields = [
        "title",
        "document_number",
        "issuer",
        "issued_on",
        "published_on",
        "ends_on",
        "region",
        "status",
        "asks_evidence",
        "file_name",
    ]
    # Clauses point into the text by offset; confirming, with the plan's end that series took over, and asking
    # for evidence are actions: none of these is a field to type in.
    readonly_fields = ["ends_on", "region", "status", "asks_evidence", "file_name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Measure)
class MeasureAdmin(ReadOnly):
    list_display = ["plan", "position", "number", "title"]
    list_select_related = ["plan"]
    search_fields = ["title", "plan__title"]
    ordering = ["plan", "position"]


@admin.register(Series)
class SeriesAdmin(ReadOnly):
    list_display = ["clause", "plan", "every", "starts_on", "ends_on", "next_on", "ended_at"]
    list_filter = ["every", "region"]
    list_select_related = ["clause", "plan"]
    search_fields = ["clause__text", "plan__title"]
    ordering = ["-pk"]


@admin.register(Task)
class TaskAdmin(OutgoingMixin, ReadOnly):
    resource_classes = [TaskExport]
    list_display = ["number", "text", "plan", "due_date", "closed_at"]
    list_filter = ["kind", "region"]
    list_select_related = ["plan"]
    search_fields = ["number", "text"]
    ordering = ["-pk"]


@admin.register(Assignment)
class AssignmentAdmin(OutgoingMixin, ReadOnly):
    resource_classes = [AssignmentExport]
    list_display = ["task", "department", "role", "status", "due_date", "percent"]
    list_filter = ["status", "role", "region"]
    list_select_related = ["task", "department"]
    search_fields = ["task__number", "task__text", "department__name"]
    ordering = ["-pk"]


@admin.register(ProgressReport)
class ProgressReportAdmin(OutgoingMixin, ReadOnly):
    resource_classes = [ProgressReportExport]
    list_display = ["assignment", "percent", "created_by", "created_at"]
    list_select_related = ["assignment__task", "assignment__department", "created_by"]
    ordering = ["-pk"]


@admin.register(Node)
class NodeAdmin(ReadOnly):
    list_display = ["task", "due_date", "percent", "title"]
    list_select_related = ["task"]
    search_fields = ["task__number", "title"]
    ordering = ["-pk"]


@admin.register(TargetReading)
class TargetReadingAdmin(ReadOnly):
    list_display = ["target", "assignment", "value", "read_on", "created_by", "withdrawn_at"]
    list_select_related = ["target", "assignment__task", "assignment__department", "created_by"]
    ordering = ["-pk"]


@admin.register(Evidence)
class EvidenceAdmin(ReadOnly):
    list_display = ["name", "kind", "size", "assignment", "same_as"]
    list_filter = ["kind"]
    list_select_related = ["assignment__task", "assignment__department", "same_as"]
    search_fields = ["name", "sha256"]
    # The file itself is handed out by the page of the task alone: no address leads to where it is kept.
    exclude = ["file"]
    ordering = ["-pk"]


@admin.register(ExtensionRequest)
class ExtensionRequestAdmin(ReadOnly):
    list_display = ["assignment", "old_date", "new_date", "state", "is_late", "created_by", "created_at"]
    list_filter = ["state", "is_late"]
    list_select_related = ["assignment__task", "assignment__department", "created_by"]
    ordering = ["-pk"]


@admin.register(Instruction)
class InstructionAdmin(ReadOnly):
    list_display = ["task", "text", "created_by", "created_at"]
    list_select_related = ["task", "created_by"]
    ordering = ["-pk"]


@admin.register(Nudge)
class NudgeAdmin(ReadOnly):
    list_display = ["assignment", "note", "created_by", "created_at"]
    list_select_related = ["assignment__task", "assignment__department", "created_by"]
    ordering = ["-pk"]


@admin.register(FilingRequest)
class FilingRequestAdmin(ReadOnly):
    list_display = ["title", "task", "via", "due_date", "created_by", "created_at", "cancelled_at"]
    list_select_related = ["task", "via", "created_by"]
    search_fields = ["title", "task__number"]
    ordering = ["-pk"]


@admin.register(Filing)
class FilingAdmin(ReadOnly):
    list_display = ["name", "kind", "size", "request", "assignment", "filed_by", "filed_at"]
    list_filter = ["kind"]
    list_select_related = ["request", "assignment__task", "assignment__department", "filed_by"]
    search_fields = ["name", "sha256"]
    # As with evidence: no address leads to where the file is kept.
    exclude = ["file"]
    ordering = ["-pk"]


@admin.register(TaskEvent)
class TaskEventAdmin(ReadOnly):
    list_display = ["task", "sequence", "kind", "assignment", "actor", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["task", "assignment__task", "assignment__department", "actor"]
    search_fields = ["task__number", "note"]
    ordering = ["-pk"]


@admin.register(PlanImport)
class PlanImportAdmin(ReadOnly):
    list_display = ["name", "region", "state", "created_by", "created_at", "finished_at", "attempts"]
    list_filter = ["state", "region"]
    list_select_related = ["region", "created_by"]
    search_fields = ["name", "sha256"]
    ordering = ["-pk"]
    exclude = ["file", "form_key"]
