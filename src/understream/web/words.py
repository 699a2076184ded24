"""What templates need to tell names as people do."""

from django import template

from understream.domain.word import together

register = template.Library()
register.filter(together)
