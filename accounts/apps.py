from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("地区、单位与用户")

    def ready(self) -> None:
        import_module("accounts.signals")
        autodiscover_modules("lists")  # of every app: they register what can be taken away
