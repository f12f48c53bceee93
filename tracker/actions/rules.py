"""What a plan asks of its units, beyond what it says. Kept with who said so in the audit."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import Origin, printed
from accounts.actions import record as record_audit
from accounts.models import AuditEvent
from tracker.models import Plan


@transaction.atomic
def ask_evidence(plan_id: int, *, asks: bool, origin: Origin) -> bool:
    """Say whether units hand in only with a file; returns whether that was a change.

    It holds for what is handed in from now on: what waits for review or is closed stays as it is.
    """
    plans = Plan.objects.without_source().select_related("region")
    plan = plans.select_for_update(of=("self",)).get(pk=plan_id)
    if plan.asks_evidence == asks:
        return False
    plan.asks_evidence = asks
    plan.save(update_fields=["asks_evidence"])
    with printed():
        words = [_("否"), _("是")]
        label = str(Plan._meta.get_field("asks_evidence").verbose_name)
        detail = {_("方案"): plan.title, label: words if asks else words[::-1]}
    record_audit(AuditEvent.Kind.PLAN_CHANGED, origin, region=plan.region, detail=detail)
    return True
