"""The pages alone, for a deployment that serves them apart from live streams."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "understream.site.settings")

application = get_wsgi_application()
