"""Addresses of the pages about people, units, the audit, and one's own account."""

from django.urls import path

from accounts.views import account, audit, departments, people, sheets

app_name = "accounts"
urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/email/", account.email, name="email"),
    path("people/", people.people, name="people"),
    path("people/new/", people.new_person, name="new_person"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/reset/", people.reset, name="reset"),
    path("people/<int:pk>/disable/", people.disable, name="disable"),
    path("people/<int:pk>/enable/", people.enable, name="enable"),
    path("people/import/", sheets.import_people, name="import_people"),
    path("people/template/", sheets.people_template, name="people_template"),
    path("people/export/", sheets.export_people, name="export_people"),
    path("departments/", departments.departments, name="departments"),
    path("departments/<int:pk>/members/", departments.members, name="members"),
    path("departments/import/", sheets.import_departments, name="import_departments"),
    path("departments/template/", sheets.departments_template, name="departments_template"),
    path("departments/export/", sheets.export_departments, name="export_departments"),
    path("audit/", audit.audit, name="audit"),
]
