"""The WSGI entry point. In production it refuses to start on unsafe settings."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

application = get_wsgi_application()

from tracker.checks import require_safe_production  # noqa: E402  (needs the apps, which the line above loads)

require_safe_production()
