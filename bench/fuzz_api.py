"""The API under schemathesis, through the real server, on the demo's data.

Usage: python bench/fuzz_api.py [--seconds 120] [--seed 1] [--database sqlite|postgres].
A home of its own under the system's temporary directory gets the demo and gunicorn with two processes. Then
schemathesis sends what the OpenAPI document allows and what it does not, for so many seconds each as a unit's
reporter who may report, as a coordinator who may read, and as somebody without a token, and checks every
answer against the document. Ends with 1 where anything was found; nothing is left behind.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

DEMO_DATE = "2024-10-21"
MAKE_TOKENS = """
from datetime import date
from accounts.actions import Origin
from accounts.models import User
from tracker import clock
from tracker.actions.api_tokens import make_api_token
for name, scope in (("xx-nyj", "REPORT"), ("xx-duban", "READ")):
    origin = Origin(by=User.objects.get(username=name), now=clock.now())
    print(name, make_api_token(name="fuzz", scope=scope, expires_on=date(2025, 10, 1), origin=origin))
"""


def command(url: str, document: Path, token: str, seed: int) -> list[str]:
    """schemathesis with all its checks, the same each time for one seed.

    Left out: that what was deleted is gone, which nothing here can be; and, without a token, what a good
    request must be answered with.
    """
    program = str(Path(sys.executable).with_name("schemathesis"))
    checks = ["--checks", "all", "--exclude-checks", "use_after_free"]
    if token:
        checks += ["--header", f"Authorization: Bearer {token}"]
    options = ["--continue-on-failure", "--no-color", "--generation-database", "none", "--seed", str(seed)]
    return [program, "run", str(document), "--url", url, *checks, *options]


def figures(said: str) -> tuple[int, str]:
    """How many requests, and the last line of what schemathesis said."""
    generated = re.search(r"([\d,]+) generated", said)
    return int(generated[1].replace(",", "")) if generated else 0, said.strip().splitlines()[-1].strip("= ")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=120, help="for each visitor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()

    from tests import services

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="duban-fuzz-"))
        port = services.free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "DUBAN_HOME": home,
            "DUBAN_TODAY": DEMO_DATE,
            "SITE_URL": url,
            "API_REQUESTS_PER_MINUTE": str(10**9),
        }
        if options.database == "postgres":
            environment["DATABASE_URL"] = stack.enter_context(services.postgres_server())

        def manage(*arguments: str) -> str:
            run = [sys.executable, "manage.py", *arguments]
            return subprocess.run(
                run, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            ).stdout

        manage("migrate", "--verbosity", "0")
        manage("load_demo")
        tokens = dict(line.split() for line in manage("shell", "-v", "0", "-c", MAKE_TOKENS).splitlines())
        serve = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
        process = stack.enter_context(
            services.running([*serve, "tracker.wsgi"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        )
        services.wait_for(lambda: urlopen(f"{url}/login/").status == 200, process, "gunicorn")
        document = Path(home) / "openapi.json"
        describe = "import json; from tracker.api.description import document; print(json.dumps(document()))"
        document.write_text(manage("shell", "-v", "0", "-c", describe), encoding="utf-8")

        failed = False
        for visitor, token in [*tokens.items(), ("nobody", "")]:
            run = [*command(url, document, token, options.seed), "--max-time", str(options.seconds)]
            done = subprocess.run(run, cwd=home, capture_output=True, text=True)
            requests, verdict = figures(done.stdout)
            print(
                f"{visitor:10} {options.database:8} seed {options.seed}: {requests} requests, {verdict}",
                flush=True,
            )
            if done.returncode:
                failed = True
                print(done.stdout[-8000:], done.stderr[-2000:])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
