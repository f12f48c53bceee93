"""The calendar, the ledger, the mails and the runs to look at; gateways to edit."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.takeaway import OutgoingMixin
from notifications.forms.webhooks import WebhookForm
from notifications.models import CalendarDay, Message, Reminder, Run, Webhook, WebhookDelivery
from notifications.takeaway import CalendarDayExport
from tracker import clock


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A record of what happened is not for editing, by administrators least of all."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(CalendarDay)
class CalendarDayAdmin(OutgoingMixin, ReadOnlyAdmin):
    """Changed on the page 工作日历 alone, which shows what moves and keeps a record."""

    resource_classes = (CalendarDayExport,)
    list_display = ("date", "is_workday", "name")
    list_filter = ("is_workday",)
    date_hierarchy = "date"
    ordering = ("-date",)


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    list_display = (
        "assignment",
        "recipient",
        "stage_label",
        "occasion_date",
        "planned_on",
        "state",
        "reason",
    )
    list_filter = ("state",)
    list_select_related = ("assignment__task", "assignment__department", "recipient")
    ordering = ("-pk",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("day", "recipient", "subject", "state", "sent_at", "attempts", "error")
    list_filter = ("state", "day")
    list_select_related = ("recipient",)
    ordering = ("-day", "-pk")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "kind", "planned", "is_finished", "note")
    list_filter = ("kind",)
    ordering = ("-started_at", "-pk")


@admin.register(Webhook)
class WebhookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Switched off rather than deleted: the record of what was posted stays."""

    form = WebhookForm
    list_display = ("name", "region", "url", "is_active", "created_at")
    list_select_related = ("region",)
    ordering = ("region__code", "pk")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Webhook, form: object, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        obj.save()


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("webhook", "message", "state", "sent_at", "attempts", "next_attempt_at", "error")
    list_filter = ("state", "webhook")
    list_select_related = ("webhook", "message")
    ordering = ("-pk",)
