"""Addresses of the pages about reminder mails; the project includes them at notifications/."""

from django.urls import path

from notifications.views import mail, policies, preferences

app_name = "notifications"
urlpatterns = [
    path("", mail.mail_list, name="mail"),
    path("<int:pk>/", mail.mail_detail, name="message"),
    path("<int:pk>/resend/", mail.resend, name="resend"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("policies/", policies.policy_list, name="policies"),
    path("policies/region/<int:pk>/", policies.region_policy, name="region_policy"),
    path("policies/plan/<int:pk>/", policies.plan_policy, name="plan_policy"),
]
