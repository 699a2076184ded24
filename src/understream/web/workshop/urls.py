"""Addresses: workshops at the desk."""

from django.urls import path

from understream.web.workshop import console, report, themes, views

app_name = "workshop"
_ONE = "workshops/<int:workshop>/"
_CONSOLE = f"{_ONE}console/"
urlpatterns = [
    path("alliances/<int:alliance>/workshops/", views.index, name="index"),
    path("alliances/<int:alliance>/workshops/new/", views.new, name="new"),
    path("workshops/", views.own, name="own"),
    path("workshops/new/", views.found, name="found"),
    path(_ONE, views.show, name="show"),
    path(f"{_ONE}settings/", views.keep, name="keep"),
    path(f"{_ONE}duplicate/", views.duplicate, name="duplicate"),
    path(f"{_ONE}begin/", views.begin, name="begin"),
    path(f"{_ONE}invite/", views.invite, name="invite"),
    path(f"{_ONE}join/", views.join, name="join"),
    path(f"{_ONE}qr.svg", views.qr, name="qr"),
    path(f"{_ONE}steps/new/", views.new_step, name="new_step"),
    path(f"{_ONE}steps/<int:step>/", views.write, name="step"),
    path(f"{_ONE}steps/<int:step>/remove/", views.remove, name="remove"),
    path(f"{_ONE}steps/<int:step>/move/", views.move, name="move"),
    path(_CONSOLE, console.show, name="console"),
    path(f"{_CONSOLE}room/", console.room, name="room"),
    path(f"{_CONSOLE}do/", console.do, name="do"),
    path(f"{_CONSOLE}log/", console.log, name="log"),
    path(f"{_CONSOLE}themes/", themes.do, name="themes"),
    path(f"{_ONE}report/", report.show, name="report"),
    path(f"{_ONE}report.csv", report.as_csv, name="csv"),
    path(f"{_ONE}report.xlsx", report.as_xlsx, name="xlsx"),
    path(f"{_ONE}takeouts/<int:answer>/", report.keep, name="takeout"),
]
