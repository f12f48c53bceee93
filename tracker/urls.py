"""Addresses of the pages."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from tracker.views import (
    api_pages,
    collectives,
    draft_measures,
    drafts,
    duties,
    editions,
    extensions,
    filings,
    imports,
    letters,
    old_ledgers,
    orders,
    paper_templates,
    printing,
    readings,
    reports,
    review,
    rules,
    series,
    sheets,
)
from tracker.views.bulletins import bulletin, bulletin_file
from tracker.views.cards import card, card_file
from tracker.views.home import home
from tracker.views.ledger import ledger
from tracker.views.my_work import my_work, sign_for_all
from tracker.views.nodes import nodes
from tracker.views.overview import overdue, overview
from tracker.views.plans import plan, plans
from tracker.views.reassign import reassign
from tracker.views.report_sheets import report_sheet
from tracker.views.reporting import report, report_draft
from tracker.views.tasks import task
from tracker.views.units import unit
from tracker.views.work import move

urlpatterns = [
    path("", home, name="home"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("my-work/", my_work, name="my_work"),
    path("my-work/sign/", sign_for_all, name="sign_for_all"),
    path("tasks/<int:pk>/similar/", duties.similar, name="similar"),
    path("tasks/<int:pk>/duty/leave/", duties.unlink, name="duty_unlink"),
    path("assignments/<int:pk>/submit/", duties.submit_linked, name="submit_linked"),
    path("ledger/", ledger, name="ledger"),
    path("tasks/<int:pk>/", task, name="task"),
    path("tasks/<int:pk>/instruct/", orders.instruct, name="instruct"),
    path("assignments/<int:pk>/nudge/", orders.nudge, name="nudge"),
    path("nudges/", orders.nudge_many, name="nudge_many"),
    path("tasks/<int:pk>/nodes/", nodes, name="nodes"),
    path("assignments/<int:pk>/reading/", readings.record, name="reading"),
    path("readings/<int:pk>/withdraw/", readings.withdraw, name="reading_withdraw"),
    path("assignments/<int:pk>/report/", report, name="report"),
    path("assignments/<int:pk>/report/draft/", report_draft, name="report_draft"),
    path("assignments/<int:pk>/move/", move, name="move"),
    path("assignments/<int:pk>/extension/", extensions.ask, name="extension_ask"),
    path("assignments/<int:pk>/reassign/", reassign, name="reassign"),
    path("extensions/<int:pk>/", extensions.decide, name="extension_decide"),
    path("series/<int:pk>/end/", series.end, name="series_end"),
    path("review/", review.review, name="review"),
    path("review/<int:pk>/", review.review_item, name="review_item"),
    path("review/extensions/", review.review_extensions, name="review_extensions"),
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
    path("units/<int:pk>/", unit, name="unit"),
    path("overdue/print/", printing.overdue, name="overdue_print"),
    path("units/<int:pk>/sheet/", printing.sheet, name="unit_sheet"),
    path("daily/", printing.sheets, name="daily_sheets"),
    path("units/<int:pk>/letter/", letters.write, name="letter_write"),
    path("letters/", letters.register, name="letters"),
    path("bulletin/", bulletin, name="bulletin"),
    path("bulletin/file/", bulletin_file, name="bulletin_file"),
    path("tasks/<int:pk>/card/", card, name="card"),
    path("tasks/<int:pk>/card/file/", card_file, name="card_file"),
    path("papers/", paper_templates.papers, name="papers"),
    path("papers/<slug:paper>/<int:pk>/", paper_templates.paper, name="paper_template"),
    path("papers/<slug:paper>/<int:pk>/<slug:what>/", paper_templates.paper_file, name="paper_file"),
    path("letters/<int:pk>/", letters.letter, name="letter"),
    path("letters/<int:pk>/file/", letters.letter_file, name="letter_file"),
    path("letters/<int:pk>/withdraw/", letters.withdraw, name="letter_withdraw"),
    path("plans/", plans, name="plans"),
    path("plans/<int:pk>/", plan, name="plan"),
    path("plans/<int:pk>/evidence/", rules.evidence, name="plan_evidence"),
    path("plans/import/", imports.plan_import, name="plan_import"),
    path("plans/import/<int:pk>/", imports.progress, name="import_progress"),
    path("plans/import/<int:pk>/cancel/", imports.cancel, name="import_cancel"),
    path("plans/<int:pk>/draft/", drafts.draft, name="draft"),
    path("plans/<int:pk>/draft/confirm/", drafts.draft_confirm, name="draft_confirm"),
    path("plans/<int:pk>/draft/units/<int:unit_pk>/", drafts.draft_unit, name="draft_unit"),
    path(
        "plans/<int:pk>/draft/measures/<int:measure_pk>/",
        draft_measures.draft_measure,
        name="draft_measure",
    ),
    path("plans/<int:pk>/draft/bulk/", drafts.draft_bulk, name="draft_bulk"),
    path("plans/<int:pk>/draft/edits/", drafts.draft_edits, name="draft_edits"),
    path("plans/<int:pk>/draft/edition/", editions.edition, name="edition"),
    path("plans/<int:pk>/draft/edition/choose/", editions.edition_choose, name="edition_choose"),
    path("plans/<int:pk>/draft/doubts/<int:doubt_pk>/", drafts.draft_doubt, name="draft_doubt"),
    path("units/<int:pk>/report-sheet/", report_sheet, name="report_sheet"),
    path("sheets/", sheets.sheets, name="sheets"),
    path("sheets/export/", sheets.sheet_export, name="sheet_export"),
    path("sheets/import/", sheets.sheet_import, name="sheet_import"),
    path("sheets/<int:pk>/", sheets.sheet, name="sheet"),
    path("sheets/<int:pk>/download/", sheets.sheet_download, name="sheet_download"),
    path("sheets/<int:pk>/confirm/", sheets.sheet_confirm, name="sheet_confirm"),
    path("sheets/<int:pk>/cancel/", sheets.sheet_cancel, name="sheet_cancel"),
    path("sheets/ledger/", old_ledgers.old_ledger_new, name="old_ledger_new"),
    path("sheets/ledger/<int:pk>/", old_ledgers.old_ledger, name="old_ledger"),
    path("sheets/ledger/<int:pk>/columns/", old_ledgers.old_ledger_columns, name="old_ledger_columns"),
    path("sheets/ledger/<int:pk>/units/", old_ledgers.old_ledger_units, name="old_ledger_units"),
    path("sheets/ledger/<int:pk>/confirm/", old_ledgers.old_ledger_confirm, name="old_ledger_confirm"),
    path(
        "sheets/ledger/profiles/<int:pk>/delete/",
        old_ledgers.ledger_profile_delete,
        name="ledger_profile_delete",
    ),
    path("", include("accounts.urls")),
    path("notifications/", include("notifications.urls")),
    path("", include("notifications.probe_urls")),
    path("calendar/", include("notifications.calendar_urls")),
    path("account/tokens/", api_pages.api_tokens, name="api_tokens"),
    path("account/tokens/<int:pk>/revoke/", api_pages.revoke, name="api_token_revoke"),
    path("api/", api_pages.api_reference, name="api_reference"),
    path("api/openapi.json", api_pages.api_description, name="api_description"),
    path("api/v1/", include("tracker.api.urls")),
    # One place to change a password: there it counts against the lock-out, and in the audit.
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="accounts:password"),
        name="admin_password",
    ),
    path("admin/", admin.site.urls),
]
