"""A list and a sheet of tasks through a real worker on PostgreSQL, asked for on the pages."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.accounts.test_sheets import xlsx
from tests.factories import make_assignment, make_cast
from tracker.models import Assignment, SheetJob


def _until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, list(SheetJob.objects.values())
        time.sleep(0.1)


@pytest.mark.slow
def test_a_worker_makes_files_and_takes_tasks_in(celery_worker: None, tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path / "var"  # as the worker's
    cast = make_cast()
    make_assignment(cast.bureau, plan=cast.plan)
    client = Client()
    client.force_login(cast.coordinator, backend="django.contrib.auth.backends.ModelBackend")

    sent = {"list": "ledger", "query": "", "format": "csv", "form_key": str(uuid4())}
    page = client.post(reverse("sheet_export"), sent)["Location"]
    _until(lambda: SheetJob.objects.get().state == SheetJob.State.DONE)
    answer = client.get(f"{page}download/")
    assert len(b"".join(answer).decode("utf-8-sig").splitlines()) == 2

    rows = (
        ("方案", "任务内容", "责任单位", "角色", "完成时限"),
        (
            "新方案",
            "完成改造",
            "市生态环境局",
            "牵头",
            date(2024, 12, 31),
        ),
    )
    file = SimpleUploadedFile("任务.xlsx", xlsx(*rows))
    page = client.post(reverse("sheet_import"), {"file": file, "form_key": str(uuid4())})["Location"]
    imports = SheetJob.objects.filter(kind=SheetJob.Kind.IMPORT)
    _until(lambda: imports.get().state == SheetJob.State.CHECKED)
    assert "确认导入" in client.get(page).content.decode()
    client.post(f"{page}confirm/")
    _until(lambda: imports.get().state == SheetJob.State.DONE)
    assert Assignment.objects.filter(plan__title="新方案").count() == 1
