"""What production must not start with. Every command runs these checks; wsgi.py and celery.py do at start."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from accounts.models import User


@register(Tags.security)
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The settings that are fit for a trial on one machine only."""
    if not settings.PRODUCTION:
        return []
    hosts, engine = settings.ALLOWED_HOSTS, settings.DATABASES["default"]["ENGINE"]
    unsafe = {
        "duban.E001": (settings.DEBUG, "DEBUG 不能在正式环境打开。", "去掉环境变量 DEBUG。"),
        "duban.E002": (
            settings.SECRET_KEY == settings.INSECURE_SECRET_KEY,
            "SECRET_KEY 仍是默认值。",
            "生成一个 50 位随机串，写入环境变量 SECRET_KEY。",
        ),
        "duban.E003": (
            not hosts or "*" in hosts,
            "ALLOWED_HOSTS 没有写明域名或地址。",
            "例如 ALLOWED_HOSTS=duban.example.gov.cn。",
        ),
        "duban.E004": (
            engine == "django.db.backends.sqlite3",
            "正式环境要用 PostgreSQL，不能用 SQLite。",
            "设置 DATABASE_URL=postgres://…。",
        ),
        "duban.E005": (
            settings.DUBAN_TODAY is not None,
            "DUBAN_TODAY 只供演示，正式环境要用真实日期。",
            "去掉环境变量 DUBAN_TODAY。",
        ),
    }
    return [Error(message, hint=hint, id=id) for id, (found, message, hint) in unsafe.items() if found]


@register(Tags.database)
def demo_accounts(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Accounts whose password everybody knows. Runs where a database may be asked: migrate, start."""
    if not settings.PRODUCTION or "default" not in (databases or ()):
        return []
    if User._meta.db_table not in connections["default"].introspection.table_names():
        return []  # before the first migrate
    if not User.objects.filter(is_demo=True).exists():
        return []
    hint = "演示数据不能转为正式使用：请新建空数据库，修改 DATABASE_URL，再执行 migrate。"
    return [Error("数据库里有演示账号，密码是公开的。", hint=hint, id="duban.E006")]


def require_safe_production() -> None:
    """Raise ImproperlyConfigured, naming every reason, where production must not start."""
    errors = production_settings(None)
    if not errors:  # an unsafe database is not worth opening
        errors = demo_accounts(None, databases=["default"])
        connections["default"].close()  # the server forks after this
    if errors:
        reasons = "".join(f"\n  {error.id} {error.msg}{error.hint}" for error in errors)
        raise ImproperlyConfigured(f"正式环境不能启动：{reasons}")
