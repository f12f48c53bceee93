"""The tables of the core: plans as they were read, and the tasks made from them."""

from tracker.models.assignments import Assignment
from tracker.models.events import TaskEvent
from tracker.models.evidence import Evidence
from tracker.models.extensions import ExtensionRequest
from tracker.models.filings import Filing, FilingRequest
from tracker.models.imports import PlanImport
from tracker.models.nodes import Node
from tracker.models.orders import Instruction, Nudge
from tracker.models.plans import Clause, Doubt, Measure, Plan, PlanUnit, Target, UnitMention
from tracker.models.readings import TargetReading
from tracker.models.report_drafts import ReportDraft
from tracker.models.reports import ProgressReport
from tracker.models.series import Series
from tracker.models.tasks import Task

__all__ = [
    "Assignment",
    "Clause",
    "Doubt",
    "Evidence",
    "ExtensionRequest",
    "Filing",
    "FilingRequest",
    "Instruction",
    "Measure",
    "Node",
    "Nudge",
    "Plan",
    "PlanImport",
    "PlanUnit",
    "ProgressReport",
    "ReportDraft",
    "Series",
    "Target",
    "TargetReading",
    "Task",
    "TaskEvent",
    "UnitMention",
]
