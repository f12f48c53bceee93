"""Addresses of the pages."""

from django.contrib import admin
from django.urls import path

from tracker.views import drafts

urlpatterns = [
    path("plans/import/", drafts.plan_import, name="plan_import"),
    path("plans/<int:pk>/draft/", drafts.draft, name="draft"),
    path("plans/<int:pk>/draft/confirm/", drafts.draft_confirm, name="draft_confirm"),
    path("plans/<int:pk>/draft/units/<int:unit_pk>/", drafts.draft_unit, name="draft_unit"),
    path("plans/<int:pk>/draft/measures/<int:measure_pk>/", drafts.draft_measure, name="draft_measure"),
    path(
        "plans/<int:pk>/draft/measures/<int:measure_pk>/units/",
        drafts.draft_add_unit,
        name="draft_add_unit",
    ),
    path("plans/<int:pk>/draft/doubts/<int:doubt_pk>/", drafts.draft_doubt, name="draft_doubt"),
    path("admin/", admin.site.urls),
]
