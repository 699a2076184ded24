"""Addresses: read side by side, and agree; under ``evaluations/``."""

from django.urls import path

from understream.web.joint import views

app_name = "joint"
urlpatterns = [
    path("<int:evaluation>/joint/", views.show, name="show"),
    path("<int:evaluation>/closing/", views.closing, name="closing"),
    path("<int:evaluation>/joint/<str:topic>/critic/", views.critic, name="critic"),
    path("<int:evaluation>/joint/<str:kind>/<str:code>/", views.write, name="write"),
    path("<int:evaluation>/joint/<str:kind>/<str:code>/accept/", views.accept, name="accept"),
    path("<int:evaluation>/joint/<str:kind>/<str:code>/history/", views.history, name="history"),
]
