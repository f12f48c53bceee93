"""Addresses of the pages."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from tracker.views import collectives, drafts, extensions, filings, reports
from tracker.views.home import home
from tracker.views.ledger import ledger
from tracker.views.overview import overdue, overview
from tracker.views.plans import plan, plans
from tracker.views.tasks import task
from tracker.views.work import move, my_work, report, sign_for_all

urlpatterns = [
    path("", home, name="home"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("my-work/", my_work, name="my_work"),
    path("my-work/sign/", sign_for_all, name="sign_for_all"),
    path("ledger/", ledger, name="ledger"),
    path("tasks/<int:pk>/", task, name="task"),
    path("assignments/<int:pk>/report/", report, name="report"),
    path("assignments/<int:pk>/move/", move, name="move"),
    path("assignments/<int:pk>/extension/", extensions.ask, name="extension_ask"),
    path("extensions/<int:pk>/", extensions.decide, name="extension_decide"),
    path("reports/<int:pk>/withdraw/", reports.withdraw, name="report_withdraw"),
    path("evidence/<int:pk>/", reports.evidence, name="evidence"),
    path("tasks/<int:pk>/filings/", filings.ask, name="filing_ask"),
    path("filings/<int:pk>/", filings.filing, name="filing"),
    path("filings/<int:pk>/cancel/", filings.cancel, name="filing_cancel"),
    path("filings/<int:pk>/download/", filings.download, name="filing_download"),
    path("filings/files/<int:pk>/", filings.filed_file, name="filed_file"),
    path("collectives/", collectives.collectives, name="collectives"),
    path("collectives/<int:pk>/", collectives.collective, name="collective"),
    path("collectives/<int:pk>/shares/", collectives.add, name="collective_add"),
    path("overview/", overview, name="overview"),
    path("overdue/", overdue, name="overdue"),
    path("plans/", plans, name="plans"),
    path("plans/<int:pk>/", plan, name="plan"),
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
    path("", include("accounts.urls")),
    path("notifications/", include("notifications.urls")),
    # One place to change a password: there it counts against the lock-out, and in the audit.
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="accounts:password"),
        name="admin_password",
    ),
    path("admin/", admin.site.urls),
]
