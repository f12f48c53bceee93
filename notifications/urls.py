"""Addresses of the pages about reminder mails; the project includes them at notifications/."""

from django.urls import path

from notifications import template_views, views

app_name = "notifications"
urlpatterns = [
    path("", views.mail_list, name="mail"),
    path("<int:pk>/", views.mail_detail, name="message"),
    path("<int:pk>/resend/", views.resend, name="resend"),
    path("templates/", template_views.templates, name="templates"),
    path("templates/<int:pk>/", template_views.templates, name="region_template"),
]
