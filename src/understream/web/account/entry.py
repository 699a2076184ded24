"""Let somebody in whom another page has recognised: by an invitation, or in the demo."""

from django.conf import settings
from django.contrib.auth import load_backend, login
from django.http import HttpRequest

from understream.access.refusal import Missing


def let_in(request: HttpRequest, person: int) -> None:
    """Sign a person in without asking for a password; the caller has made sure who it is.

    :raises Missing: if the person is not there or no longer active.
    """
    path = settings.AUTHENTICATION_BACKENDS[0]
    found = load_backend(path).get_user(person)
    if found is None:
        raise Missing
    login(request, found, backend=path)
