"""Addresses of the host's pages."""

from django.urls import path

from understream.web.host import views

app_name = "host"
urlpatterns = [
    path("", views.show, name="show"),
    path("quality/", views.quality, name="quality"),
]
