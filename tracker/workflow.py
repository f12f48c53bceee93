"""Statuses of an assignment, the table of moves between them, and the kinds of event that are kept.

Source: design section 4 "Status of an assignment". No database and no clock in here.
"""

from datetime import date, timedelta
from enum import nonmember

from dateutil.relativedelta import relativedelta
from django.db import models
from django.utils.translation import gettext_lazy as _


def label_of(choices: type[models.TextChoices], value: str) -> str:
    """What Django's get_…_display says, which translates every choice of the field to find one."""
    try:
        return str(choices(value).label)
    except ValueError:
        return value


class Role(models.TextChoices):
    """What a department does in a task. The order is the strength: a lead outranks the others."""

    LEAD = "LEAD", _("牵头")
    IMPLEMENT = "IMPLEMENT", _("落实")
    SUPPORT = "SUPPORT", _("配合")

    # A task is closed when all of these are; support does not hold it up.
    answering = nonmember(("LEAD", "IMPLEMENT"))


class Status(models.TextChoices):
    """Where an assignment stands."""

    PENDING = "PENDING", _("待签收")
    ACTIVE = "ACTIVE", _("推进中")
    SUBMITTED = "SUBMITTED", _("待审核")
    SUSPENDED = "SUSPENDED", _("已中止")
    CLOSED = "CLOSED", _("已办结")
    WAIVED = "WAIVED", _("已免办")
    REASSIGNED = "REASSIGNED", _("已转办")

    # The unit's own clock runs: these can be overdue and are reminded.
    with_unit = nonmember(("PENDING", "ACTIVE"))
    # Not finished yet, whoever's turn it is.
    open = nonmember(("PENDING", "ACTIVE", "SUBMITTED", "SUSPENDED"))
    # Nobody answers for these any more: they count in no figure and hold nothing up.
    out_of_force = nonmember(("WAIVED", "REASSIGNED"))


class Move(models.TextChoices):
    """What a person does to an assignment that may change its status."""

    SIGN = "SIGN", _("签收")
    REPORT = "REPORT", _("填报进展")
    SUBMIT = "SUBMIT", _("申请办结")
    APPROVE = "APPROVE", _("审核通过")
    RETURN = "RETURN", _("退回")
    SUSPEND = "SUSPEND", _("中止")
    RESUME = "RESUME", _("恢复")
    REOPEN = "REOPEN", _("重新开启")
    WAIVE = "WAIVE", _("免办")
    REASSIGN = "REASSIGN", _("转办")
    CLOSE_WITH_TASK = "CLOSE_WITH_TASK", _("随任务办结")

    # Made by the unit's people. CLOSE_WITH_TASK is the system's alone, all others the coordinators'.
    by_unit = nonmember(("SIGN", "REPORT", "SUBMIT"))
    needs_reason = nonmember(("RETURN", "SUSPEND", "RESUME", "REOPEN", "WAIVE", "REASSIGN"))
    # Made by a button. A report has a form of its own: its percentage and words are what it is. So has
    # reassigning, which makes a share for another unit (actions.reassign).
    by_button = nonmember(("SIGN", "SUBMIT", "APPROVE", "RETURN", "SUSPEND", "RESUME", "REOPEN", "WAIVE"))


TRANSITIONS: dict[str, dict[str, str]] = {
    Move.SIGN: {Status.PENDING: Status.ACTIVE},
    Move.REPORT: {Status.PENDING: Status.ACTIVE, Status.ACTIVE: Status.ACTIVE},
    Move.SUBMIT: {Status.ACTIVE: Status.SUBMITTED},
    Move.APPROVE: {Status.SUBMITTED: Status.CLOSED},
    Move.RETURN: {Status.SUBMITTED: Status.ACTIVE},
    Move.SUSPEND: {Status.PENDING: Status.SUSPENDED, Status.ACTIVE: Status.SUSPENDED},
    Move.RESUME: {Status.SUSPENDED: Status.ACTIVE},
    Move.REOPEN: {Status.CLOSED: Status.ACTIVE, Status.WAIVED: Status.ACTIVE},
    Move.WAIVE: {
        Status.PENDING: Status.WAIVED,
        Status.ACTIVE: Status.WAIVED,
        Status.SUSPENDED: Status.WAIVED,
    },
    Move.REASSIGN: {
        Status.PENDING: Status.REASSIGNED,
        Status.ACTIVE: Status.REASSIGNED,
        Status.SUSPENDED: Status.REASSIGNED,
    },
    Move.CLOSE_WITH_TASK: {
        Status.PENDING: Status.CLOSED,
        Status.ACTIVE: Status.CLOSED,
        Status.SUBMITTED: Status.CLOSED,
        Status.SUSPENDED: Status.CLOSED,
    },
}


def next_status(move: str, status: str) -> str | None:
    """The status that `move` leads to from `status`, or None where it is not allowed."""
    return TRANSITIONS[move].get(status)


class EventKind(models.TextChoices):
    """What a TaskEvent records: each move, and what happens to a task as a whole."""

    CREATED = "CREATED", _("生成任务")
    SIGN = Move.SIGN.value, Move.SIGN.label
    REPORT = Move.REPORT.value, Move.REPORT.label
    SUBMIT = Move.SUBMIT.value, Move.SUBMIT.label
    APPROVE = Move.APPROVE.value, Move.APPROVE.label
    RETURN = Move.RETURN.value, Move.RETURN.label
    SUSPEND = Move.SUSPEND.value, Move.SUSPEND.label
    RESUME = Move.RESUME.value, Move.RESUME.label
    REOPEN = Move.REOPEN.value, Move.REOPEN.label
    WAIVE = Move.WAIVE.value, Move.WAIVE.label
    REASSIGN = Move.REASSIGN.value, Move.REASSIGN.label
    TAKE_OVER = "TAKE_OVER", _("接办")
    CLOSE_WITH_TASK = Move.CLOSE_WITH_TASK.value, Move.CLOSE_WITH_TASK.label
    TASK_CLOSED = "TASK_CLOSED", _("任务办结")
    ASK_EXTENSION = "ASK_EXTENSION", _("申请延期")
    GRANT_EXTENSION = "GRANT_EXTENSION", _("批准延期")
    REFUSE_EXTENSION = "REFUSE_EXTENSION", _("不批准延期")
    LAPSE_EXTENSION = "LAPSE_EXTENSION", _("延期申请失效")
    WITHDRAW_REPORT = "WITHDRAW_REPORT", _("撤回填报")
    JOIN_SERIES = "JOIN_SERIES", _("列入周期任务")
    END_SERIES = "END_SERIES", _("停止周期任务")
    INSTRUCT = "INSTRUCT", _("批示")
    NUDGE = "NUDGE", _("催办")
    NODES = "NODES", _("调整节点")
    READING = "READING", _("登记指标数值")
    WITHDRAW_READING = "WITHDRAW_READING", _("撤回指标数值")
    ADD_SHARE = "ADD_SHARE", _("补派任务")
    ASK_FILING = "ASK_FILING", _("要求备案")
    FILE = "FILE", _("报送备案")
    CANCEL_FILING = "CANCEL_FILING", _("取消备案")
    ISSUE_LETTER = "ISSUE_LETTER", _("下发督办文书")
    WITHDRAW_LETTER = "WITHDRAW_LETTER", _("撤回督办文书")
    CARRY = "CARRY", _("台账导入")
    LINK_DUTY = "LINK_DUTY", _("关联同一职责")
    UNLINK_DUTY = "UNLINK_DUTY", _("解除同一职责")
    # Of a task: it goes on under a new edition of its plan. Of a share: that changed its date or role.
    NEW_EDITION = "NEW_EDITION", _("新版本")

    # Written beside a change, or changing nothing that a form was shown with: these do not raise the
    # assignment's version.
    beside = nonmember(
        (
            "LAPSE_EXTENSION",
            "TAKE_OVER",
            "INSTRUCT",
            "NUDGE",
            "READING",
            "WITHDRAW_READING",
            "ADD_SHARE",
            "FILE",
            "ISSUE_LETTER",
            "WITHDRAW_LETTER",
        )
    )


class Light(models.TextChoices):
    """红黄绿灯 with the shape and the word that stand beside the colour."""

    RED = "RED", _("逾期")
    YELLOW = "YELLOW", _("预警")
    GREEN = "GREEN", _("正常")
    GREY = "GREY", _("无期限")

    @property
    def shape(self) -> str:
        return {"RED": "■", "YELLOW": "▲", "GREEN": "●", "GREY": "○"}[self.value]


class WorkState(models.TextChoices):
    """What an unfinished share waits for, as its unit sees it: the groups of "my work".

    Each share is in one of them. The order is the precedence, and the order on the page: what was returned
    comes even before what is overdue, because somebody has said what to do about it; its light still says
    how late it is. What nobody signed for yet is not called silent.
    """

    RETURNED = "returned", _("退回待办")
    OVERDUE = "overdue", _("逾期")
    UNSIGNED = "unsigned", _("待签收")
    SOON = "week", _("7日内到期")
    SILENT = "silent", _("长期未填报")
    LATER = "later", _("其他在办")
    REVIEW = "review", _("待审核")
    UNDATED = "undated", _("无期限")
    SUSPENDED = "suspended", _("已中止")


# Days before the due date at which a light turns yellow, and how many percent points actual progress may
# stay under expected progress (序时进度) before it counts as behind.
YELLOW_DAYS = 7
BEHIND_MARGIN = 20

# Days before the end of a period from which its task is there. Source: design section 3 "when the period
# comes into reminding distance", of which the first stage is 30 days before (section 4 "Reminder stages").
REACH_DAYS = 30

# A share that was nudged is left in peace for so many calendar days, whoever nudged it: nudged on the 18th,
# it can be nudged again from the 21st. Calendar days, which anybody can count; no working calendar needed.
NUDGE_COOLDOWN_DAYS = 3

# Nodes of one task: three years of months. More would be a plan of its own.
MAX_NODES = 36

# Months without a sign of life after which a share without a due date is silent (design section 4).
SILENT_MONTHS = 3


def silent_since(today: date) -> date:
    """The latest day on which a share that is silent today can have shown a sign of life.

    Counted forwards from that day, as the reminder does: three months after 30 November is 28 February.
    """
    day = today - relativedelta(months=SILENT_MONTHS)
    while day + timedelta(days=1) + relativedelta(months=SILENT_MONTHS) <= today:
        day += timedelta(days=1)
    return day
