"""schemathesis against a running server: whatever it thinks of, the answer is one that the document names.

Longer, on the demo's data and on PostgreSQL: bench/fuzz_api.py.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.fuzz_api import command, figures
from tests.api.conftest import Visitor
from tests.factories import Cast, make_assignment
from tracker.api.description import document
from tracker.models import ProgressReport

pytestmark = [pytest.mark.slow, pytest.mark.services]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("person", ["reporter", "coordinator", None])
def test_only_expected_answers(
    cast: Cast, api: Visitor, live_server: Any, settings: Any, tmp_path: Path, person: str | None
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**9
    for _ in range(3):
        make_assignment(cast.bureau, plan=cast.plan)
    user = getattr(cast, person) if person else None
    token = api(user, scope="REPORT" if person == "reporter" else "READ").token
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document()), encoding="utf-8")

    # A few are enough to see that document and program still say the same; with every edge of two operations.
    asked = ["--phases", "fuzzing", "--max-examples", "3"]
    if person == "reporter":
        asked = ["--phases", "coverage,fuzzing", "--max-examples", "3"]
        asked += ["--include-operation-id", "make_report", "--include-operation-id", "read_assignment"]
    run = [*command(live_server.url, path, token, seed=1), *asked]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    requests, verdict = figures(done.stdout)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    assert requests > 20, verdict
    assert person == "reporter" or not ProgressReport.objects.exists()
