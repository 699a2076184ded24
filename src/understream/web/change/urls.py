"""The address of a change, under ``rounds/``."""

from django.urls import path

from understream.web.change import views

app_name = "change"
urlpatterns = [path("<int:round>/change/", views.show, name="show")]
