"""Addresses of the pages about reminders; the project includes them at notifications/."""

from django.urls import path

from notifications.views import feeds, mails, policies, preferences, runs, templates, told, workdays
from notifications.views.forecast import forecast_page

app_name = "notifications"
urlpatterns = [
    path("", mails.mail_list, name="mail"),
    path("<int:pk>/", mails.mail_detail, name="message"),
    path("read/", mails.read_all, name="read_all"),
    path("<int:pk>/open/", mails.open_mail, name="open"),
    path("<int:pk>/resend/", mails.resend, name="resend"),
    path("calendar-feed/", feeds.calendar_feed, name="calendar_feed"),
    path("calendar-feed/revoke/", feeds.revoke, name="calendar_feed_revoke"),
    path("forecast/", forecast_page, name="forecast"),
    path("task/<int:pk>/", told.task_reminders, name="told"),
    path("runs/<int:pk>/release/", runs.release, name="release"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("policies/", policies.policy_list, name="policies"),
    path("policies/region/<int:pk>/", policies.region_policy, name="region_policy"),
    path("policies/plan/<int:pk>/", policies.plan_policy, name="plan_policy"),
    path("workdays/", workdays.workdays, name="workdays"),
    path("workdays/changes/<int:pk>/", workdays.calendar_change, name="calendar_change"),
    path("templates/", templates.templates, name="templates"),
    path("templates/<int:pk>/", templates.templates, name="region_template"),
]
