"""Uploading a questionnaire of one's own: the verdict, the preview, the file, the undo."""

import html
import re

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_alliance
from tests.web.test_alliance import manager_of
from understream.instruments import reader
from understream.records.instrument import OwnInstrument

pytestmark = pytest.mark.django_db
OWN = reader.source_of("pulse").decode().replace('code = "pulse"', 'code = "culture"', 1)


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill")


def upload(client, world, text, name="culture.toml", **keys):
    file = SimpleUploadedFile(name, text.encode(), content_type="application/toml")
    return client.post(reverse("alliance:give", args=[world.alliance]), {"file": file}, **keys)


def page(client, world, name="instruments", query=""):
    address = reverse(f"alliance:{name}", args=[world.alliance]) + query
    return html.unescape(client.get(address).content.decode())


@pytest.mark.parametrize(
    ("language", "told", "words"),
    [("en", "is in order and kept", ("Of your own organisation", "Not asked yet")),
     ("nl", "is in orde en bewaard", ("Van je eigen organisatie", "Nog niet gevraagd"))],
)  # fmt: skip
def test_what_is_in_order_is_shown_as_people_will_read_it(world, language, told, words):
    get_user_model().objects.update(language=language)
    client = manager_of(world)
    kept = upload(client, world, OWN, follow=True)
    text = html.unescape(kept.content.decode())
    assert kept.status_code == 200
    assert told in text
    assert reader.load("pulse").items[0].text.into(language) in text
    assert "culture 1" in text
    assert all(word in page(client, world) for word in words)
    plan = page(client, world, "plan")
    assert f'value="{OwnInstrument.objects.get().asked_as}"' in plan


def test_every_fault_is_named_with_its_line_and_nothing_is_kept(world):
    client = manager_of(world)
    broken = OWN.replace("version = 1", "version = 0", 1).replace('about = "alliance"', "", 1)
    refused = upload(client, world, broken, name="<b>mine</b>.toml")
    text = refused.content.decode()
    assert refused.status_code == 400
    assert "2 things to mend" in text
    assert len(re.findall(r"<p>Line \d+: ", text)) == 2
    assert "<b>mine" not in text
    assert not OwnInstrument.objects.exists()
    assert "None yet" in page(client, world)


@pytest.mark.parametrize(("text", "said"), [("", "This file is empty"), (None, "Choose the file")])
def test_no_file_and_an_empty_one_are_answered(world, text, said):
    client = manager_of(world)
    address = reverse("alliance:give", args=[world.alliance])
    refused = client.post(address) if text is None else upload(client, world, text)
    assert refused.status_code == 400
    assert said in refused.content.decode()


def test_it_is_removed_again_and_its_file_is_handed_out(world):
    client = manager_of(world)
    upload(client, world, OWN)
    (row,) = OwnInstrument.objects.all()
    file = client.get(reverse("alliance:file", args=[world.alliance]), {"code": row.asked_as})
    assert file.content.decode() == OWN
    assert file["Content-Disposition"] == 'attachment; filename="culture.toml"'
    address = reverse("alliance:take_back", args=[world.alliance])
    partner = manager_of(world, "Mill")
    for client_of_it, key, told in (
        (partner, row.pk, "There is nothing here for you"),
        (client, "x", "There is nothing here for you"),
        (client, row.pk, "Removed."),
    ):
        answer = client_of_it.post(address, {"instrument": key}, follow=True)
        assert told in answer.content.decode()
    assert not OwnInstrument.objects.exists()


def test_the_list_costs_the_same_for_one_and_for_many(world):
    client = manager_of(world)
    address = reverse("alliance:instruments", args=[world.alliance])
    counts = []
    for version in (1, 2, 3):
        upload(client, world, OWN.replace("version = 1", f"version = {version}", 1))
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        counts.append(len(asked))
    assert counts[1:] == counts[:1] * 2
