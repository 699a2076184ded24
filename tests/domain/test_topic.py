"""Topics: sixteen in one order, in two parts; and the blocks that the gate looks at again."""

import pytest

from tests.factories import BLOCKS, FIRST_PART, SOFT_PART, TOPICS, begin_evaluation, make_alliance
from understream.domain import topic
from understream.instruments import reader
from understream.records.evaluation import Evaluation

GROUPS = ["own_goals"] * 3 + ["environment"] * 3 + ["hard"] * 5 + ["soft"] * 5


@pytest.fixture(scope="module")
def instrument():
    return reader.load("evaluation")


@pytest.mark.parametrize("language", ["en", "nl"])
def test_sixteen_topics_stand_in_the_fixed_order_and_say_everything(instrument, language):
    topics = topic.topics_of(instrument, language=language)

    assert [one.code for one in topics] == list(TOPICS)
    assert [one.number for one in topics] == list(range(1, 17))
    assert [one.group for one in topics] == GROUPS
    assert [one.shift for one in topics] == [True] * 6 + [False] * 10
    assert [bool(one.effect) for one in topics] == [True] * 6 + [False] * 10
    assert [one.part for one in topics] == [1] * 11 + [2] * 5
    assert all(one.title and one.text and one.group_title for one in topics)
    assert topic.by_code(topics)["EV12"] is topics[11]


def test_the_two_parts_hold_every_topic_once(instrument):
    assert topic.codes_of(instrument, 1) == FIRST_PART
    assert topic.codes_of(instrument, 2) == SOFT_PART


def test_everything_that_is_written_about_has_a_name_in_both_languages():
    for code in (*TOPICS, *BLOCKS, topic.RELEVANCE):
        english, dutch = (topic.title_of(code, language=one) for one in ("en", "nl"))
        assert english
        assert dutch
        # What is written about is stored under its code.
        assert (
            len(code)
            <= Evaluation._meta.get_field("texts").related_model._meta.get_field("code").max_length
        )
    assert [topic.title_of(one, language="en") for one in ("", "EV17", "B5")] == [""] * 3
    assert list(topic.BLOCKS) == list(BLOCKS)
    assert all(len(block.questions) == 2 for block in topic.BLOCKS.values())


@pytest.mark.django_db
def test_an_evaluation_keeps_the_version_with_which_it_began():
    world = make_alliance(people=2)
    row = Evaluation.objects.get(pk=begin_evaluation(world, scans=("trust",)))

    assert topic.instrument_in(row).digest() == reader.load("evaluation").digest()
