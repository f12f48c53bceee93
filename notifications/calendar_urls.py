"""The address that calendar programs ask, included at calendar/; its token is all the secret."""

from django.urls import path

from notifications.views import feeds

app_name = "calendar"
urlpatterns = [path("<str:token>.ics", feeds.ics, name="feed")]
