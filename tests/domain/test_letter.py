import logging
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction

from understream.domain.letter import Letter, post

pytestmark = pytest.mark.django_db


class Picky(EmailBackend):
    """A server that knows no Nobody, and breaks the connection to say so."""

    opened = 0

    def open(self):
        Picky.opened += 1

    def send_messages(self, messages):
        if messages[0].to == ["nobody@example.org"]:
            raise SMTPRecipientsRefused({"nobody@example.org": (550, b"no such mailbox")})
        return super().send_messages(messages)


class Gone(EmailBackend):
    """A server that does not answer."""

    def open(self):
        raise ConnectionRefusedError


def letter(to):
    return Letter(f"{to}@example.org", "Your voice", "A link")


def test_a_letter_leaves_when_its_act_is_stored(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        post([letter("anna")])
        assert mail.outbox == []

    assert [one.to for one in mail.outbox] == [["anna@example.org"]]


def test_a_letter_never_leaves_when_its_act_is_undone(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        post([letter("anna")])
        transaction.set_rollback(True)

    assert mail.outbox == []


def test_a_mailbox_that_is_refused_costs_nobody_else_a_letter(
    django_capture_on_commit_callbacks, settings, caplog
):
    settings.EMAIL_BACKEND = f"{__name__}.Picky"
    Picky.opened = 0

    with django_capture_on_commit_callbacks(execute=True):
        post([letter("anna"), letter("nobody"), letter("bert")])

    assert [one.to for one in mail.outbox] == [["anna@example.org"], ["bert@example.org"]]
    assert [one.message for one in caplog.records] == ["letter.refused"]
    assert Picky.opened == 2


def test_a_server_that_does_not_answer_undoes_no_act(
    django_capture_on_commit_callbacks, settings, caplog
):
    settings.EMAIL_BACKEND = f"{__name__}.Gone"

    with caplog.at_level(logging.ERROR), django_capture_on_commit_callbacks(execute=True):
        post([letter("anna")])

    assert mail.outbox == []
    assert "ConnectionRefusedError" in caplog.text
