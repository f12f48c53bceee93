"""Enter the clauses that were given out before there was an index of like clauses."""

from django.db import migrations

from tracker.similarity import sketch

BATCH = 500


def index(apps, schema_editor):
    Clause, ClauseGram = apps.get_model("tracker", "Clause"), apps.get_model("tracker", "ClauseGram")
    given_out = Clause.objects.filter(tasks__isnull=False).distinct().order_by("pk")
    last = 0
    while batch := list(given_out.filter(pk__gt=last).values_list("pk", "measure__plan", "text")[:BATCH]):
        last = batch[-1][0]
        rows = [
            ClauseGram(gram=gram, plan_id=plan, clause_id=pk)
            for pk, plan, text in batch
            for gram in sketch(text)
        ]
        ClauseGram.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('tracker', '0021_duties'),
    ]

    operations = [
        migrations.RunPython(index, migrations.RunPython.noop),
    ]
