"""Agendas are read whole, or refused with the place of the fault."""

import pytest

from understream.instruments import agenda
from understream.instruments.agenda import AgendaError, read

GOOD = """
code = "x"
title = {en = "T", nl = "T"}
purpose = {en = "P", nl = "P"}
[[steps]]
code = "a"
kind = "prompt"
title = {en = "A", nl = "A"}
prompt = {en = "Q", nl = "V"}
"""


def test_a_small_agenda_is_read():
    told = read(GOOD)

    assert (told.code, told.minutes, told.steps[0].prompt.nl) == ("x", 10, "V")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('kind = "prompt"', 'kind = "dance"', "step 1: 'dance'"),
        ('prompt = {en = "Q", nl = "V"}', 'prompt = {en = "Q"}', "step 1: prompt"),
        ('prompt = {en = "Q", nl = "V"}', "", "step 1: a title and a prompt"),
        ('code = "a"', 'code = "a"\nsource = "z"', "no earlier step"),
        ('code = "a"', 'code = "a"\nminutes = 999', "0 to 480"),
        ('code = "a"', 'code = "a"\nidentity = "x"', "no identity"),
        ('code = "a"', 'code = "a"\ncolour = 1', "colour"),
        ('code = "a"', 'code = ""', "a code of its own"),
        ("[[steps]]", "[[other]]", "a step or more"),
        ("[[steps]]", "[[steps", "no TOML"),
    ],
)
def test_a_fault_is_told_with_its_place(old, new, why):
    with pytest.raises(AgendaError, match=why.replace("'", ".")):
        read(GOOD.replace(old, new))


def test_evidence_stands_on_cards_that_are_shown_afterwards():
    for one in agenda.load("building_trust").steps:
        for text in (one.prompt, one.hint, one.title):
            assert not any(mark in text.en for mark in ("19", "20")), one.code


def test_nobody_else_s_agenda_is_opened_by_its_name():
    with pytest.raises(KeyError):
        agenda.load("../evaluation")
