"""Addresses: prepare an evaluation, follow its course, check what was sealed."""

from django.urls.resolvers import URLPattern

app_name = "evaluation"
urlpatterns: list[URLPattern] = []
