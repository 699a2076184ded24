"""Addresses of an organisation's released figures, and of what they rest on."""

from django.urls import path

from understream.web.research import views

app_name = "research"
urlpatterns = [
    path("<int:organisation>/releases.csv", views.releases, name="releases"),
    path("<int:organisation>/quality/", views.quality, name="quality"),
]
