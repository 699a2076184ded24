"""Address of the parts."""

from django.urls import path

from understream.web.parts import views

app_name = "parts"
urlpatterns = [
    path("", views.index, name="index"),
    path("swapped/", views.swapped, name="swapped"),
    path("phone/", views.phone, name="phone"),
    path("door/", views.door, name="door"),
]
