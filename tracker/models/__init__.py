"""The tables of the core: plans as they were read, and the tasks made from them."""

from tracker.models.api_tokens import ApiToken
from tracker.models.assignments import Assignment
from tracker.models.draft_edits import DraftEdit
from tracker.models.duties import ClauseGram, Duty
from tracker.models.editions import EditionChoice
from tracker.models.events import TaskEvent
from tracker.models.evidence import Evidence
from tracker.models.extensions import ExtensionRequest
from tracker.models.filings import Filing, FilingRequest
from tracker.models.imports import PlanImport
from tracker.models.ledger_profiles import LedgerProfile
from tracker.models.letters import Letter
from tracker.models.nodes import Node
from tracker.models.orders import Instruction, Nudge
from tracker.models.paper_templates import PaperTemplate
from tracker.models.plans import Clause, Doubt, Measure, Plan, PlanUnit, Target, UnitMention
from tracker.models.readings import TargetReading
from tracker.models.report_drafts import ReportDraft
from tracker.models.reports import ProgressReport
from tracker.models.series import Series
from tracker.models.sheet_jobs import SheetJob
from tracker.models.tasks import Task

__all__ = [
    "ApiToken",
    "Assignment",
    "Clause",
    "ClauseGram",
    "Doubt",
    "DraftEdit",
    "Duty",
    "EditionChoice",
    "Evidence",
    "ExtensionRequest",
    "Filing",
    "FilingRequest",
    "Instruction",
    "LedgerProfile",
    "Letter",
    "Measure",
    "Node",
    "Nudge",
    "PaperTemplate",
    "Plan",
    "PlanImport",
    "PlanUnit",
    "ProgressReport",
    "ReportDraft",
    "Series",
    "SheetJob",
    "Target",
    "TargetReading",
    "Task",
    "TaskEvent",
    "UnitMention",
]
