"""The Celery application: Redis as broker, jobs found in each app's jobs.py (Task is our noun)."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

app = Celery("duban")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")


@worker_init.connect
@beat_init.connect
def refuse_unsafe_start(**kwargs: Any) -> None:
    """Stop a worker or a beat that would run on unsafe production settings."""
    from tracker.checks import (
        require_safe_production,  # needs the apps, which a worker loads after this module
    )

    try:
        require_safe_production()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error  # Celery logs any lesser exception here and goes on
