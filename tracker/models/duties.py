"""Tasks of several plans that are one duty, and the index by which such tasks are found."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from tracker.models.plans import Clause, Plan


class Duty(models.Model):
    """One duty that several plans ask for (同一职责): a unit's report for one task counts for all.

    A task points to its duty; of a duty there are never fewer than two tasks, nor tasks of two regions.
    """

    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("关联时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("关联人"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("同一职责")
        verbose_name_plural = _("同一职责")

    if TYPE_CHECKING:
        region_id: int

    def __str__(self) -> str:
        return str(self.pk)


class ClauseGramQuerySet(models.QuerySet["ClauseGram"]):
    def of_plans(self, plans: models.QuerySet[Plan]) -> Self:
        return self.filter(plan__in=plans)

    def clauses_with_most_of(self, grams: Iterable[int], *, limit: int) -> list[int]:
        """The clauses that share most of these, as many as `limit`; the key ends the order."""
        shared = self.filter(gram__in=list(grams)).values("clause").annotate(shared=Count("pk"))
        return list(shared.order_by("-shared", "clause").values_list("clause", flat=True)[:limit])


class ClauseGram(models.Model):
    """One of the few pairs of characters by which a clause is found (similarity.sketch), once given out."""

    gram = models.IntegerField(_("字组"))
    plan = models.ForeignKey(
        Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    clause = models.ForeignKey(Clause, verbose_name=_("子句"), on_delete=models.CASCADE, related_name="grams")

    objects = ClauseGramQuerySet.as_manager()

    class Meta:
        verbose_name = _("子句字组")
        verbose_name_plural = _("子句字组")
        constraints = [
            # Also the index that looking up reads, and nothing else of the table.
            models.UniqueConstraint(fields=["gram", "plan", "clause"], name="clause_gram_unique"),
        ]

    if TYPE_CHECKING:
        clause_id: int

    def __str__(self) -> str:
        return str(self.gram)
