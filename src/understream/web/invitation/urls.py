"""The address of an invitation."""

from django.urls import path

from understream.web.invitation import views

app_name = "invitation"
urlpatterns = [path("<str:link>/", views.show, name="show")]
