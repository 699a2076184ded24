"""Addresses of the door."""

from django.urls import path

from understream.web.door import demo, views

app_name = "door"
urlpatterns = [
    path("", views.index, name="index"),
    path("language/", views.language, name="language"),
    path("shown/", views.shown, name="shown"),
    path("method/", views.method, name="method"),
    path("healthz", views.health, name="health"),
    path("readyz", views.ready, name="ready"),
    path("demo/enter/", demo.enter, name="demo_enter"),
    path("demo/mail/", demo.mail, name="demo_mail"),
    path("demo/mail/<str:letter>/", demo.letter, name="demo_letter"),
    path("demo/clock/<int:round>/", demo.clock, name="demo_clock"),
    path(
        "demo/clock/evaluation/<int:evaluation>/",
        demo.evaluation_clock,
        name="demo_evaluation_clock",
    ),
]
