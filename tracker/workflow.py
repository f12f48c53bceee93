"""Statuses of an assignment, the table of moves between them, and the kinds of event that are kept.

Source: design section 4 "Status of an assignment". No database and no clock in here.
"""

from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


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

    # The unit's own clock runs: these can be overdue and are reminded.
    with_unit = nonmember(("PENDING", "ACTIVE"))
    # Not finished yet, whoever's turn it is.
    open = nonmember(("PENDING", "ACTIVE", "SUBMITTED", "SUSPENDED"))
    # The unit answers for it, or has done so.
    in_force = nonmember(("PENDING", "ACTIVE", "SUBMITTED", "SUSPENDED", "CLOSED"))


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
    CLOSE_WITH_TASK = "CLOSE_WITH_TASK", _("随任务办结")

    # Who may: the unit's people, or the region's coordinators. The last is done by the system alone.
    by_unit = nonmember(("SIGN", "REPORT", "SUBMIT"))
    by_coordinator = nonmember(("APPROVE", "RETURN", "SUSPEND", "RESUME", "REOPEN"))
    needs_reason = nonmember(("RETURN", "SUSPEND", "RESUME", "REOPEN"))
    # Made by a button. A report has a form of its own: its percentage and words are what it is.
    by_button = nonmember(("SIGN", "SUBMIT", "APPROVE", "RETURN", "SUSPEND", "RESUME", "REOPEN"))


TRANSITIONS: dict[str, dict[str, str]] = {
    Move.SIGN: {Status.PENDING: Status.ACTIVE},
    Move.REPORT: {Status.PENDING: Status.ACTIVE, Status.ACTIVE: Status.ACTIVE},
    Move.SUBMIT: {Status.ACTIVE: Status.SUBMITTED},
    Move.APPROVE: {Status.SUBMITTED: Status.CLOSED},
    Move.RETURN: {Status.SUBMITTED: Status.ACTIVE},
    Move.SUSPEND: {Status.PENDING: Status.SUSPENDED, Status.ACTIVE: Status.SUSPENDED},
    Move.RESUME: {Status.SUSPENDED: Status.ACTIVE},
    Move.REOPEN: {Status.CLOSED: Status.ACTIVE},
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
    CLOSE_WITH_TASK = Move.CLOSE_WITH_TASK.value, Move.CLOSE_WITH_TASK.label
    TASK_CLOSED = "TASK_CLOSED", _("任务办结")
    ASK_EXTENSION = "ASK_EXTENSION", _("申请延期")
    GRANT_EXTENSION = "GRANT_EXTENSION", _("批准延期")
    REFUSE_EXTENSION = "REFUSE_EXTENSION", _("不批准延期")
    LAPSE_EXTENSION = "LAPSE_EXTENSION", _("延期申请失效")
    WITHDRAW_REPORT = "WITHDRAW_REPORT", _("撤回填报")
    ADD_SHARE = "ADD_SHARE", _("补派任务")
    ASK_FILING = "ASK_FILING", _("要求备案")
    FILE = "FILE", _("报送备案")
    CANCEL_FILING = "CANCEL_FILING", _("取消备案")

    # Written beside a change, or changing nothing that a form was shown with: these do not raise the
    # assignment's version.
    beside = nonmember(("LAPSE_EXTENSION", "ADD_SHARE", "FILE"))


class Light(models.TextChoices):
    """红黄绿灯 with the shape and the word that stand beside the colour."""

    RED = "RED", _("逾期")
    YELLOW = "YELLOW", _("预警")
    GREEN = "GREEN", _("正常")
    GREY = "GREY", _("无期限")

    @property
    def shape(self) -> str:
        return {"RED": "■", "YELLOW": "▲", "GREEN": "●", "GREY": "○"}[self.value]


# Days before the due date at which a light turns yellow, and how many percent points actual progress may
# stay under expected progress (序时进度) before it counts as behind.
YELLOW_DAYS = 7
BEHIND_MARGIN = 20
