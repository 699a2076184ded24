"""Addresses: conclude within a party, and seal."""

from django.urls import path

from understream.web.reflection import sealing, views

app_name = "reflection"
urlpatterns = [
    path("<int:evaluation>/reflection/", views.show, name="show"),
    path("<int:evaluation>/reflection/<str:topic>/", views.topic, name="topic"),
    path("<int:evaluation>/reflection/<str:topic>/history/", views.history, name="history"),
    path("<int:evaluation>/reflection/<str:topic>/dissent/", views.dissent, name="dissent"),
    path("<int:evaluation>/dissents/<int:dissent>/", views.hold, name="hold"),
    path("<int:evaluation>/reflection-readers/<int:facilitator>/", views.admit, name="admit"),
    path("<int:evaluation>/seal/", sealing.seal, name="seal"),
    path("<int:evaluation>/sealed/", sealing.sealed, name="sealed"),
    path("<int:evaluation>/take-back/", sealing.take_back, name="take_back"),
]
