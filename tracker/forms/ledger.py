"""The ledger's filters. All of them live in the address, so that a page can be sent to a colleague."""

from datetime import date

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Region, User
from tracker.forms.keys import key_of
from tracker.forms.widgets import PlainSelect
from tracker.models import Assignment, Measure, Plan, Series
from tracker.models.assignments import SORT_KEYS, AssignmentQuerySet
from tracker.permissions import visible_assignments, visible_collectives, visible_plans, visible_regions
from tracker.workflow import YELLOW_DAYS, Light, Role, Status, WorkState

ANY = _("全部")
FIRST_FIELDS = ("q", "plan", "unit", "status", "due")
DUE_CHOICES = [
    ("overdue", _("已逾期")),
    ("ahead", _("未逾期")),
    ("week", _("7日内到期")),
    ("later", _("7日后到期")),
    ("undated", _("无期限")),
    ("rest", _("其余未办结")),
    ("asking", _("延期待审批")),
]
ORDER_CHOICES = [
    ("instructed", _("有领导批示")),
    ("nudged", _("催办过")),
    ("unanswered", _("批示、催办后未填报")),
]


class MonthField(forms.Field):
    """A month as "2024-10"; its value is the first day."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2024-10"})

    def to_python(self, value: str | None) -> date | None:
        if not value:
            return None
        try:
            return date.fromisoformat(f"{value.strip()}-01")
        except ValueError:
            raise ValidationError(_("月份请写成 2024-10 的样子。"), code="invalid") from None


class MonthFilter(django_filters.Filter):
    field_class = MonthField


class LedgerFilter(django_filters.FilterSet):
    """What a person may narrow the ledger by; choices offer only what the person may see."""

    q = django_filters.CharFilter(label=_("任务内容或编号"), method="search", max_length=100)
    plan = django_filters.ModelChoiceFilter(label=_("方案"), queryset=Plan.objects.none(), empty_label=ANY)
    measure = django_filters.ModelChoiceFilter(
        label=_("条目"), field_name="task__measure", queryset=Measure.objects.none(), empty_label=ANY
    )
    series = django_filters.ModelChoiceFilter(
        field_name="task__series", queryset=Series.objects.none(), widget=forms.HiddenInput
    )
    region = django_filters.ModelChoiceFilter(
        label=_("地区"), queryset=Region.objects.none(), empty_label=ANY
    )
    unit = django_filters.ModelChoiceFilter(
        label=_("责任单位"), field_name="department", queryset=Department.objects.none(), empty_label=ANY
    )
    via = django_filters.ModelChoiceFilter(
        label=_("统称"), queryset=Department.objects.none(), empty_label=ANY
    )
    role = django_filters.ChoiceFilter(label=_("角色"), choices=Role.choices, empty_label=ANY)
    status = django_filters.ChoiceFilter(label=_("状态"), choices=Status.choices, empty_label=ANY)
    light = django_filters.ChoiceFilter(
        label=_("红黄绿灯"), choices=Light.choices, empty_label=ANY, method="by_light"
    )
    due = django_filters.ChoiceFilter(label=_("时限"), choices=DUE_CHOICES, empty_label=ANY, method="by_due")
    orders = django_filters.ChoiceFilter(
        label=_("批示与催办"), choices=ORDER_CHOICES, empty_label=ANY, method="by_orders"
    )
    work = django_filters.ChoiceFilter(
        label=_("办理情况"), choices=WorkState.choices, empty_label=ANY, method="by_work_state"
    )
    reported = django_filters.ChoiceFilter(
        label=_("填报"), choices=[("never", _("从未填报"))], empty_label=ANY, method="by_reports"
    )
    month = MonthFilter(label=_("到期月份"), method="by_month")
    sort = django_filters.ChoiceFilter(
        choices=[(sign + key, key) for key in SORT_KEYS for sign in ("", "-")],
        method="by_sort",
        widget=forms.HiddenInput,
    )

    class Meta:
        model = Assignment
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, user: User, today: date) -> None:
        super().__init__(data, queryset=visible_assignments(user).by_urgency())
        self.today = today
        for one in self.filters.values():
            if isinstance(one, django_filters.ChoiceFilter | django_filters.ModelChoiceFilter):
                one.extra.setdefault("widget", PlainSelect)
        regions = visible_regions(user)
        in_force = visible_assignments(user).in_force()
        plans = visible_plans(user).in_use(in_force).newest_first().without_source()
        measures = Measure.objects.in_plans(plans).in_order()
        chosen = key_of(data.get("plan", ""))
        if chosen is not None:
            measures = measures.in_plans([chosen])
        else:
            # Without a plan the list of measures would run to thousands of lines; a link may still name one.
            self.filters["measure"].extra["widget"] = forms.HiddenInput
        self.filters["plan"].queryset = plans
        self.filters["measure"].queryset = measures
        self.filters["series"].queryset = Series.objects.in_plans(plans)
        self.filters["region"].queryset = regions
        # With work, and not "in use": what a unit has stays on the leaders' pages when the unit is dissolved.
        with_work = visible_assignments(user).filter(department=OuterRef("pk"))
        self.filters["unit"].queryset = Department.objects.filter(Exists(with_work)).by_name()
        self.filters["via"].queryset = visible_collectives(user).by_name()
        if user.is_unit_person:
            del self.filters["unit"], self.filters["region"], self.filters["via"]
        elif regions.count() == 1:
            del self.filters["region"]

    def filter_queryset(self, queryset: AssignmentQuerySet) -> AssignmentQuerySet:
        """What was waived or reassigned is listed only where its status is asked for: no figure counts it."""
        rows: AssignmentQuerySet = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data["status"] else rows.in_force()

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """What people narrow by every day; the rest waits under "more"."""
        return [field for field in self.form.visible_fields() if field.name in FIRST_FIELDS]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [field for field in self.form.visible_fields() if field.name not in FIRST_FIELDS]

    @property
    def has_more(self) -> bool:
        """Whether one of those under "more" is in use."""
        return any(self.data.get(field.name) for field in self.more_fields)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order was chosen."""
        return any(value for name, value in self.data.items() if name in self.filters and name != "sort")

    @property
    def rows(self) -> AssignmentQuerySet:
        """What was asked for; nothing at all where the question makes no sense, never everything."""
        found: AssignmentQuerySet = self.qs if self.form.is_valid() else self.queryset.none()
        return found

    def search(self, rows: AssignmentQuerySet, name: str, value: str) -> AssignmentQuerySet:
        return rows.mentioning(value)

    def by_light(self, rows: AssignmentQuerySet, name: str, value: str) -> AssignmentQuerySet:
        return rows.lit(self.today, value)

    def by_due(self, rows: AssignmentQuerySet, name: str, value: str) -> AssignmentQuerySet:
        match value:
            case "overdue":
                return rows.overdue(self.today)
            case "ahead":
                return rows.not_overdue(self.today)
            case "week":
                return rows.due_within(self.today, YELLOW_DAYS)
            case "later":
                return rows.due_after(self.today, YELLOW_DAYS)
            case "undated":
                return rows.undated()
            case "asking":
                return rows.asking_for_time()
            case _:
                return rows.not_urgent(self.today, YELLOW_DAYS)

    def by_orders(self, rows: AssignmentQuerySet, name: str, value: str) -> AssignmentQuerySet:
        match value:
            case "instructed":
                return rows.instructed()
            case "nudged":
                return rows.nudged()
            case _:
                return rows.unanswered()

    def by_work_state(self, rows: AssignmentQuerySet, name: str, value: str) -> AssignmentQuerySet:
        return rows.in_work_state(self.today, value)

    def by_reports(self, rows: AssignmentQuerySet, name: str, value: str) -> AssignmentQuerySet:
        return rows.never_reported()

    def by_month(self, rows: AssignmentQuerySet, name: str, value: date) -> AssignmentQuerySet:
        return rows.due_in_month(value)

    def by_sort(self, rows: AssignmentQuerySet, name: str, value: str) -> AssignmentQuerySet:
        return rows.sorted_by(value)
