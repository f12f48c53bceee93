"""What the back office exports of plans and work: only out, as accounts/takeaway.py says."""

from accounts.takeaway import Outgoing, out
from tracker.models import Assignment, Plan, ProgressReport, Task


class PlanExport(Outgoing):
    """方案, without its text."""

    region = out("region__name", "地区")
    title = out("title", "标题")
    document_number = out("document_number", "文号")
    issuer = out("issuer", "发文机关")
    issued_on = out("issued_on", "成文日期")
    ends_on = out("ends_on", "执行截止日期")
    status = out("get_status_display", "状态")
    confirmed_at = out("confirmed_at", "下达时间")
    asks_evidence = out("asks_evidence", "办结须附佐证材料")

    related, deferred = ("region",), ("source_text",)

    class Meta:
        model = Plan
        fields = (
            "region",
            "title",
            "document_number",
            "issuer",
            "issued_on",
            "ends_on",
            "status",
            "confirmed_at",
            "asks_evidence",
        )


class TaskExport(Outgoing):
    """任务."""

    region = out("region__name", "地区")
    plan = out("plan__title", "方案")
    number = out("number", "编号")
    text = out("text", "任务内容")
    kind = out("get_kind_display", "时限类型")
    start_date = out("start_date", "起始日期")
    due_date = out("due_date", "完成时限")
    created_at = out("created_at", "下达时间")
    closed_at = out("closed_at", "办结时间")

    related, deferred = ("region", "plan"), ("plan__source_text",)

    class Meta:
        model = Task
        fields = (
            "region",
            "plan",
            "number",
            "text",
            "kind",
            "start_date",
            "due_date",
            "created_at",
            "closed_at",
        )


class AssignmentExport(Outgoing):
    """任务与责任, a row for each unit's share, in the columns that 导入任务表 reads."""

    plan = out("plan__title", "方案")
    number = out("task__number", "编号")
    text = out("task__text", "任务内容")
    department = out("department__name", "责任单位")
    role = out("get_role_display", "角色")
    status = out("get_status_display", "状态")
    due_date = out("due_date", "完成时限")
    percent = out("percent", "进度（%）")
    region = out("region__name", "地区")
    via = out("via__name", "所属统称")
    id = out("id", "标识")

    related = ("plan", "task", "department", "region", "via")
    deferred = ("plan__source_text",)

    class Meta:
        model = Assignment
        fields = (
            "plan",
            "number",
            "text",
            "department",
            "role",
            "status",
            "due_date",
            "percent",
            "region",
            "via",
            "id",
        )


class ProgressReportExport(Outgoing):
    """填报, those that were taken back included."""

    plan = out("assignment__plan__title", "方案")
    number = out("assignment__task__number", "编号")
    department = out("assignment__department__name", "单位")
    percent = out("percent", "进度（%）")
    note = out("note", "进展说明")
    created_by = out("created_by__full_name", "填报人")
    created_at = out("created_at", "填报时间")
    withdrawn_at = out("withdrawn_at", "撤回时间")

    related = ("assignment__plan", "assignment__task", "assignment__department", "created_by")
    deferred = ("assignment__plan__source_text",)

    class Meta:
        model = ProgressReport
        fields = (
            "plan",
            "number",
            "department",
            "percent",
            "note",
            "created_by",
            "created_at",
            "withdrawn_at",
        )
