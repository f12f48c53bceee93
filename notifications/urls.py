"""Addresses of the pages about reminders; the project includes them at notifications/."""

from django.urls import path

from notifications.views import feeds, mails

app_name = "notifications"
urlpatterns = [
    path("", mails.mail_list, name="mail"),
    path("<int:pk>/", mails.mail_detail, name="message"),
    path("read/", mails.read_all, name="read_all"),
    path("<int:pk>/open/", mails.open_mail, name="open"),
    path("<int:pk>/resend/", mails.resend, name="resend"),
    path("calendar-feed/", feeds.calendar_feed, name="calendar_feed"),
    path("calendar-feed/revoke/", feeds.revoke, name="calendar_feed_revoke"),
]
