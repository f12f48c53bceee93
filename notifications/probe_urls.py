"""Addresses for machines that watch; the project includes them at its root."""

from django.urls import path

from notifications.views import probes

urlpatterns = [
    path("health/", probes.ready, name="health"),
    path("health/live/", probes.live, name="health_live"),
    path("metrics/", probes.metrics, name="metrics"),
]
