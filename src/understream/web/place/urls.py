"""Addresses: coming into a workshop, and taking part in it."""

from django.urls import path

from understream.web.place import views

app_name = "place"
urlpatterns = [
    path("j/", views.code, name="code"),
    path("j/<str:link>/", views.lobby, name="lobby"),
    path("w/<int:workshop>/", views.show, name="show"),
    path("w/<int:workshop>/say/", views.say, name="say"),
    path("w/<int:workshop>/claim/", views.claim, name="claim"),
]
