"""Addresses of a round."""

from django.urls import path

from understream.web.round import form, views

app_name = "round"
urlpatterns = [
    path("<int:round>/", views.show, name="show"),
    path("<int:round>/cohort/", views.cohort, name="cohort"),
    path("<int:round>/open/", views.open_it, name="open"),
    path("<int:round>/extend/", views.extend, name="extend"),
    path("<int:round>/cancel/", views.cancel, name="cancel"),
    path("<int:round>/late/", views.late, name="late"),
    path("<int:round>/form/", form.show, name="form"),
]
