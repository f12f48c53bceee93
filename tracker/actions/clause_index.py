"""The index by which like clauses of other plans are found: a few rows for each clause that was given out."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction

from tracker.models import Clause, ClauseGram
from tracker.similarity import sketch

BATCH = 2000  # rows of one statement, and clauses of one transaction of the whole index made anew


def index_clauses(clauses: Iterable[Clause]) -> None:
    """Enter these clauses, with their measures loaded; those that are in already stay as they are."""
    rows = (
        ClauseGram(gram=gram, plan_id=clause.measure.plan_id, clause=clause)
        for clause in clauses
        for gram in sketch(clause.text)
    )
    _enter(rows)


def _enter(rows: Iterator[ClauseGram]) -> None:
    while batch := list(islice(rows, BATCH)):
        ClauseGram.objects.bulk_create(batch, ignore_conflicts=True)


def index_all_anew() -> int:
    """Make the whole index again, in batches; returns how many clauses are in it. Safe to stop and repeat."""
    made = last = 0
    given_out = Clause.objects.filter(tasks__isnull=False).distinct().select_related("measure").order_by("pk")
    while batch := list(given_out.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        with transaction.atomic():
            ClauseGram.objects.filter(clause__in=[clause.pk for clause in batch]).delete()
            index_clauses(batch)
        made += len(batch)
    return made
