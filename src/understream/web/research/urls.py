"""The address of an organisation's released figures."""

from django.urls import path

from understream.web.research import views

app_name = "research"
urlpatterns = [
    path("<int:organisation>/releases.csv", views.releases, name="releases"),
]
