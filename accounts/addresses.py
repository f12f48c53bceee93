"""Where a request comes from, for the lock after failed sign-ins."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The visitor's address. Production stands behind nginx, which sets X-Real-IP (deploy/nginx.conf)."""
    real = request.META.get("HTTP_X_REAL_IP") if settings.PRODUCTION else None
    return str(real or request.META.get("REMOTE_ADDR", ""))
