from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackerConfig(AppConfig):
    name = "tracker"
    verbose_name = _("方案与任务")

    def ready(self) -> None:
        from tracker import celery, checks  # noqa: F401  registers both with the frameworks
