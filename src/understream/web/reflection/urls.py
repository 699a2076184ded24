"""Addresses: conclude within a party, and seal."""

from django.urls.resolvers import URLPattern

app_name = "reflection"
urlpatterns: list[URLPattern] = []
