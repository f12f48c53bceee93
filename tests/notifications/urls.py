"""The project's addresses, with those that mails and the pages of this app point to."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from tracker.urls import urlpatterns as project


def task(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse(f"任务{pk}")


@login_not_required
def login(request: HttpRequest) -> HttpResponse:
    return HttpResponse("登录")


urlpatterns = [
    *project,
    path("login/", login, name="login"),
    path("tasks/<int:pk>/", task, name="task"),
    path("notifications/", include("notifications.urls")),
]
