"""Addresses: the wall."""

from django.urls import path

from understream.web.wall import views

app_name = "wall"
urlpatterns = [
    path("<str:link>/", views.show, name="show"),
    path("<str:link>/qr.svg", views.qr, name="qr"),
]
