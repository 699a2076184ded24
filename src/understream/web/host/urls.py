"""The address of the host's page."""

from django.urls import path

from understream.web.host import views

app_name = "host"
urlpatterns = [path("", views.show, name="show")]
