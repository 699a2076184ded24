"""Addresses of a mirror, under ``rounds/``."""

from django.urls import path

from understream.web.mirror import views

app_name = "mirror"
urlpatterns = [
    path("<int:round>/mirror/", views.show, name="show"),
    path("<int:round>/statements/", views.statements, name="statements"),
    path("<int:round>/comments/", views.comments, name="comments"),
    path("<int:round>/release.csv", views.release_csv, name="csv"),
    path("<int:round>/release.xlsx", views.release_xlsx, name="xlsx"),
    path("<int:round>/release.sps", views.release_syntax, name="syntax"),
    path("<int:round>/codebook.csv", views.codebook, name="codebook"),
    path("<int:round>/statements.csv", views.statements_csv, name="signed"),
    path("<int:round>/release.json", views.release_json, name="json"),
]
