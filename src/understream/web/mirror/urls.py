"""Addresses of a mirror, under ``rounds/``."""

from django.urls import path

from understream.web.mirror import views

app_name = "mirror"
urlpatterns = [
    path("<int:round>/mirror/", views.show, name="show"),
    path("<int:round>/statements/", views.statements, name="statements"),
    path("<int:round>/comments/", views.comments, name="comments"),
    path("<int:round>/release.csv", views.release_csv, name="csv"),
    path("<int:round>/release.json", views.release_json, name="json"),
]
