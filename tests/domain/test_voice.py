import pytest

from tests.factories import (
    LATER,
    NOON,
    WEEK,
    answer_all,
    begin_evaluation,
    close,
    links_of,
    make_alliance,
    open_round,
    speak,
)
from understream.access.refusal import Missing, Unfit
from understream.domain import seat as seats
from understream.domain import voice
from understream.domain.journal import journal_of
from understream.domain.release import cancel_round, erase_voices
from understream.domain.voice import (
    AlreadyAnswered,
    Closed,
    Heard,
    OtherBrowser,
    OwnYesNeeded,
    Utterance,
)
from understream.instruments import reader
from understream.records.participation import Participation
from understream.records.round import Cohort, Mode, Round
from understream.records.statement import Statement
from understream.records.voice import Comment, Voice

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 0, 255, 7)
TRUST = reader.load("trust")


def begun(world, link):
    return voice.begin(link, browser="", rng=world.rng, now=NOON)


def one(link, browser, submission="a" * 32, answers=SIX, **keys):
    return Utterance(link, browser, submission, tuple(answers), **keys)


def test_a_voice_is_stored_as_one_byte_an_item_and_nothing_else():
    world = make_alliance()
    key = open_round(world)
    (link, *_) = links_of(key, world.parties["Harbour"])

    assert speak(world, link, SIX) == Heard(again=False)

    stored = Voice.objects.get()
    assert bytes(stored.answers) == bytes(SIX)
    assert {field.name for field in Voice._meta.get_fields()} == {
        "key",
        "cohort",
        "hint",
        "answers",
    }


def test_a_retry_is_heard_again_and_stored_once():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)

    said = voice.speak([one(link, browser)] * 3, now=NOON)

    assert said == (Heard(again=False), Heard(again=True), Heard(again=True))
    assert Voice.objects.count() == 1


def test_a_second_answer_is_refused_and_the_first_stands():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser)], now=NOON)

    (said,) = voice.speak([one(link, browser, "b" * 32, (1,) * 6)], now=NOON)

    assert isinstance(said, AlreadyAnswered)
    assert bytes(Voice.objects.get().answers) == bytes(SIX)


def test_answers_can_be_replaced_by_whoever_keeps_their_secret():
    world = make_alliance(people=8)
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser, comment="first")], now=NOON)

    (said,) = voice.speak(
        [one(link, browser, "b" * 32, (1,) * 6, comment="second", replaces="a" * 32)], now=NOON
    )

    assert said == Heard(again=False)
    assert bytes(Voice.objects.get().answers) == bytes((1,) * 6)
    assert Comment.objects.get().text == "second"


def test_nobody_replaces_answers_with_a_secret_that_is_not_theirs():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser)], now=NOON)

    (said,) = voice.speak([one(link, browser, "b" * 32, (1,) * 6, replaces="c" * 32)], now=NOON)

    assert isinstance(said, AlreadyAnswered)
    assert bytes(Voice.objects.get().answers) == bytes(SIX)


def test_a_late_copy_of_a_replaced_answer_changes_nothing():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser)], now=NOON)
    voice.speak([one(link, browser, "b" * 32, (1,) * 6, replaces="a" * 32)], now=NOON)

    (said,) = voice.speak([one(link, browser)], now=NOON)

    assert isinstance(said, AlreadyAnswered)
    assert bytes(Voice.objects.get().answers) == bytes((1,) * 6)


def test_withdrawn_answers_are_gone_and_one_may_speak_anew():
    world = make_alliance(people=8)
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser, comment="never mind")], now=NOON)

    voice.withdraw(link, browser=browser, submission="a" * 32, now=NOON)

    assert (Voice.objects.count(), Comment.objects.count()) == (0, 0)
    assert speak_again(link, browser) == Heard(again=False)


def speak_again(link, browser):
    (said,) = voice.speak([one(link, browser, "c" * 32)], now=NOON)
    return said


def test_nobody_withdraws_without_the_secret():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser)], now=NOON)

    with pytest.raises(AlreadyAnswered):
        voice.withdraw(link, browser=browser, submission="b" * 32, now=NOON)

    assert Voice.objects.count() == 1


def test_one_bad_answer_does_not_fail_the_batch():
    world = make_alliance()
    links = links_of(open_round(world), world.parties["Harbour"])
    batch = [
        one(links[0], begun(world, links[0]), "a" * 32),
        one(links[1], begun(world, links[1]), "b" * 32, (8, 1, 1, 1, 1, 1)),
        one("no-such-link", "x", "c" * 32),
        one(links[2], "another browser", "d" * 32),
        one(links[3], begun(world, links[3]), "e" * 32),
    ]

    said = voice.speak(batch, now=NOON)

    assert [type(each) for each in said] == [Heard, Unfit, Missing, OtherBrowser, Heard]
    assert Voice.objects.count() == 2


@pytest.mark.parametrize("count", [1, 5])
def test_a_batch_of_any_size_asks_the_same_number_of_questions(
    count, django_assert_max_num_queries
):
    world = make_alliance(people=6)
    links = links_of(open_round(world), world.parties["Harbour"])[:count]
    batch = [one(link, begun(world, link), f"{number:032x}") for number, link in enumerate(links)]

    with django_assert_max_num_queries(8):
        said = voice.speak(batch, now=NOON)

    assert said == (Heard(again=False),) * count


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ((8, 1, 1, 1, 1, 1), "Question 1: choose one of the answers shown."),
        ((1, 1, 1, 1, 1, 254), "Question 6: choose one of the answers shown."),
        ((1, -1, 1, 1, 1, 1), "Question 2: choose one of the answers shown."),
        ((1, 1, 1), "The page is out of date. Reload it; your answers are still on it."),
        ((0,) * 6, "Answer at least one question; “I can’t judge this” counts too."),
    ],
)
def test_answers_off_the_scale_are_refused_and_nothing_is_stored(answers, sentence):
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]

    said = speak(world, link, answers)

    assert str(said) == sentence
    assert Voice.objects.count() == 0


@pytest.mark.parametrize("length", [0, 21, 65])
def test_a_secret_that_could_be_guessed_or_is_no_secret_stores_nothing(length):
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]

    (said,) = voice.speak([one(link, begun(world, link), "a" * length)], now=NOON)

    assert isinstance(said, Unfit)
    assert Voice.objects.count() == 0


def test_nothing_is_heard_after_the_end_even_before_the_round_is_closed():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)

    (said,) = voice.speak([one(link, browser)], now=NOON + WEEK)

    assert isinstance(said, Closed)
    assert Voice.objects.count() == 0


@pytest.mark.parametrize("why", ["its end has come", "it was cancelled"])
def test_in_a_round_that_does_not_run_nothing_is_begun_said_taken_back_or_filled_in(why):
    world = make_alliance(people=(5, 3))
    key = open_round(world)
    first, second, *_ = links_of(key, world.parties["Harbour"])
    browser, now = begun(world, first), NOON + WEEK
    if why == "it was cancelled":
        cancel_round(world.managers["Harbour"], key, now=NOON)
        now = NOON

    (said,) = voice.speak([one(first, browser)], now=now)

    assert isinstance(said, Closed)
    with pytest.raises(Closed):
        voice.begin(second, browser="", rng=world.rng, now=now)
    with pytest.raises(Closed):
        voice.withdraw(first, browser=browser, submission="a" * 32, now=now)
    with pytest.raises(Closed):
        voice.fill_form(world.managers["Mill"], key, answers=SIX, now=now)
    assert (Voice.objects.count(), Statement.objects.count()) == (0, 0)


def test_a_link_belongs_to_the_browser_that_began():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    begun(world, link)

    with pytest.raises(OtherBrowser):
        voice.begin(link, browser="somebody else", rng=world.rng, now=NOON)
    (said,) = voice.speak([one(link, "somebody else")], now=NOON)
    assert isinstance(said, OtherBrowser)

    card = voice.form_before(link, browser="somebody else", language="en", now=NOON)
    assert (card.stage, card.person, card.names, card.items) == ("elsewhere", "", (), ())


def test_another_browser_learns_nothing_about_whether_the_right_was_used():
    world = make_alliance()
    used, unused, *_ = links_of(open_round(world), world.parties["Harbour"])
    speak(world, used, SIX)
    begun(world, unused)

    seen = [
        voice.form_before(link, browser="", language="en", now=NOON) for link in (used, unused)
    ]

    assert seen[0] == seen[1]


def test_a_new_link_ends_the_old_one(django_capture_on_commit_callbacks, mailoutbox):
    world = make_alliance()
    key = open_round(world)
    link = links_of(key, world.parties["Harbour"])[0]
    browser = begun(world, link)

    with django_capture_on_commit_callbacks(execute=True):
        voice.send_link_again(link, rng=world.rng, now=NOON)
        voice.send_link_again("nobody's", rng=world.rng, now=NOON)

    assert len(mailoutbox) == 1
    assert begun(world, links_of(key, world.parties["Harbour"])[0]) != browser
    with pytest.raises(Missing):
        voice.form_before(link, browser="", language="en", now=NOON)


def test_the_comment_field_is_there_only_where_eight_or_more_are_asked():
    world = make_alliance(people=(8, 7))
    key = open_round(world)
    eight = links_of(key, world.parties["Harbour"])[0]
    seven = links_of(key, world.parties["Mill"])[0]

    assert voice.form_before(eight, browser="", language="en", now=NOON).asks_comment
    assert not voice.form_before(seven, browser="", language="en", now=NOON).asks_comment
    assert isinstance(speak(world, seven, SIX, comment="only me"), Unfit)


def test_without_somebody_who_reads_first_a_remark_goes_as_written_or_not_at_all():
    """What is meant for a moderator alone would be opened where there is none."""
    world = make_alliance(people=8)
    link = links_of(open_round(world), world.parties["Harbour"])[0]

    said = speak(world, link, SIX, comment="Between us.", wish="moderator only")

    assert isinstance(said, Unfit)
    assert (Voice.objects.count(), Comment.objects.count()) == (0, 0)


def test_a_comment_is_a_row_of_its_own_without_link_to_the_voice():
    world = make_alliance(people=8)
    link = links_of(open_round(world), world.parties["Harbour"])[0]

    speak(world, link, SIX, comment="More time together")

    stored, text = Voice.objects.get(), Comment.objects.get()
    assert text.text == "More time together"
    assert stored.key != text.key
    assert text.cohort_id == stored.cohort_id


FIVES = (5,) * len(reader.load("capability_short").items)


def test_open_questions_are_there_only_where_eight_or_more_are_asked():
    world = make_alliance(people=(8, 7))
    key = open_round(world, instrument="capability_short")
    eight, seven = (links_of(key, world.parties[name])[0] for name in ("Harbour", "Mill"))
    begun_eight, begun_seven = begun(world, eight), begun(world, seven)

    lines = voice.form_before(eight, browser=begun_eight, language="nl", now=NOON).open_lines
    none = voice.form_before(seven, browser=begun_seven, language="nl", now=NOON).open_lines

    assert [line.name for line in lines] == ["open-CBO", "open-CCO", "open-COO", "open-CJO"]
    assert lines[0].facet == "Binding"
    assert none == ()
    (said,) = voice.speak(
        [one(seven, begun_seven, answers=FIVES, words={"CBO": "only me"})], now=NOON
    )
    assert isinstance(said, Unfit)


def test_what_was_written_to_open_questions_is_replaced_and_withdrawn_with_the_answers():
    world = make_alliance(people=8)
    link = links_of(open_round(world, instrument="capability_short"), world.parties["Harbour"])[0]
    browser = begun(world, link)
    first = one(link, browser, answers=FIVES, words={"CBO": "one", "CCO": "two"})
    second = one(
        link, browser, "b" * 32, FIVES, words={"CBO": "three", "COO": " "}, replaces="a" * 32
    )

    voice.speak([first], now=NOON)
    voice.speak([second], now=NOON)
    own = voice.form_before(
        link, browser=browser, submission="b" * 32, language="en", now=NOON
    ).open_lines

    assert [(row.prompt, row.text) for row in Comment.objects.all()] == [("CBO", "three")]
    assert [line.words for line in own] == ["three", "", "", ""]
    voice.withdraw(link, browser=browser, submission="b" * 32, now=NOON)
    assert Comment.objects.count() == 0


@pytest.mark.parametrize(
    ("words", "field"), [({"CBO": "x" * 501}, "open-CBO"), ({"XX": "hello"}, "")]
)
def test_an_answer_in_words_is_short_and_to_a_question_that_was_asked(words, field):
    world = make_alliance(people=8)
    link = links_of(open_round(world, instrument="capability_short"), world.parties["Harbour"])[0]

    said = speak(world, link, FIVES, words=words)

    assert isinstance(said, Unfit)
    assert list(said.faults) == [field]
    assert (Voice.objects.count(), Comment.objects.count()) == (0, 0)


@pytest.mark.parametrize("mode", [Mode.NAMED, Mode.ONE_VOICE])
def test_signed_answers_keep_their_words_with_them(mode):
    world = make_alliance(people=5 if mode == Mode.NAMED else 2)
    key = open_round(world, instrument="capability_short", mode=mode)
    if mode == Mode.NAMED:
        link = links_of(key, world.parties["Harbour"])[0]
        speak(world, link, FIVES, comment="end", words={"CBO": "each other"})
    else:
        manager = world.managers["Harbour"]
        voice.fill_form(manager, key, answers=FIVES, words={"CBO": "each other"}, now=NOON)
        form = voice.form_of_party(manager, key, language="en", now=NOON)
        assert form.open_lines[0].words == "each other"

    assert Statement.objects.get().words == {"CBO": "each other"}
    assert Comment.objects.count() == 0


def test_one_is_asked_about_the_partners_that_were_drawn_and_heard_about_no_other():
    world = make_alliance("Harbour", "Mill", "Quay", "Loft", people=6)
    key = open_round(world, instrument="trust")
    link = links_of(key, world.parties["Harbour"])[0]
    right = Participation.objects.get(cohort__round=key, seat=world.people["Harbour"][0].key)
    names = {party: name for name, party in world.parties.items()}
    partners = [party for party in names if party != world.parties["Harbour"]]
    full = [4 if party in right.partners else 0 for party in partners for _ in TRUST.items]
    for place, item in enumerate(TRUST.items * 3):
        full[place] = min(full[place], TRUST.scale_of(item).points)
    browser = begun(world, link)

    card = voice.form_before(link, browser=browser, language="en", now=NOON)

    assert card.about == tuple(names[party] for party in partners if party in right.partners)
    assert (card.questions, card.answers, card.places, card.drawn) == (60, 60, 90, True)
    assert set(card.partners) == {"Mill", "Quay", "Loft"}
    assert [one.name for one in card.items] == [f"q{at}" for at, said in enumerate(full) if said]
    assert {one.about for one in card.items} == set(card.about)

    spared = next(at for at, said in enumerate(full) if not said)
    for answer in (1, 255):
        meddled = [*full[:spared], answer, *full[spared + 1 :]]
        (refused,) = voice.speak([one(link, browser, answers=meddled)], now=NOON)
        assert isinstance(refused, Unfit)
    assert not Voice.objects.exists()
    assert voice.speak([one(link, browser, answers=full)], now=NOON) == (Heard(again=False),)
    assert list(bytes(Voice.objects.get().answers)) == full
    again = voice.form_before(link, browser=browser, submission="a" * 32, language="en", now=NOON)
    assert [one.answer for one in again.items] == [said for said in full if said]


def test_a_party_that_speaks_with_one_voice_speaks_about_all_its_partners():
    world = make_alliance("Harbour", "Mill", "Quay", "Loft", people=6)
    key = open_round(world, instrument="trust", mode="named")
    link = links_of(key, world.parties["Harbour"])[0]
    voice.begin(link, browser="", agrees=False, rng=world.rng, now=NOON)

    card = voice.form_of_party(world.managers["Harbour"], key, language="en", now=NOON)

    assert (card.about, card.drawn, len(card.items)) == (("Mill", "Quay", "Loft"), False, 90)


def test_who_has_left_cannot_speak():
    world = make_alliance(people=6)
    key = open_round(world)
    leaver = world.people["Harbour"][1]
    link = links_of(key, world.parties["Harbour"])[1]
    browser = begun(world, link)

    seats.end_seat(world.managers["Harbour"], leaver.key, now=NOON)

    (said,) = voice.speak([one(link, browser)], now=NOON)
    assert isinstance(said, Missing)


def test_a_named_person_says_yes_first_and_signs():
    world = make_alliance(people=5)
    key = open_round(world, mode="named")
    link = links_of(key, world.parties["Harbour"])[0]

    (early,) = voice.speak([one(link, "x")], now=NOON)
    said = speak(world, link, SIX)

    assert isinstance(early, OwnYesNeeded)
    assert said == Heard(again=False)
    assert Voice.objects.count() == 0
    assert Statement.objects.get().seat_id == world.people["Harbour"][0].key


def test_signed_answers_are_read_again_only_with_the_secret_of_what_was_sent():
    world = make_alliance(people=5)
    link = links_of(open_round(world, mode="named"), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser)], now=NOON)

    mine, other = (
        voice.form_before(link, browser=browser, submission=kept, language="en", now=NOON)
        for kept in ("a" * 32, "b" * 32)
    )

    assert tuple(item.answer for item in mine.items) == SIX
    assert {item.answer for item in other.items} == {0}


def test_signed_answers_are_taken_back_with_what_was_signed():
    world = make_alliance(people=5)
    link = links_of(open_round(world, mode="named"), world.parties["Harbour"])[0]
    browser = begun(world, link)
    voice.speak([one(link, browser)], now=NOON)

    voice.withdraw(link, browser=browser, submission="a" * 32, now=NOON)

    assert Statement.objects.count() == 0


def test_one_no_makes_a_named_party_speak_with_one_voice():
    world = make_alliance(people=5)
    key = open_round(world, mode="named")
    first, second, *_ = links_of(key, world.parties["Harbour"])
    speak(world, first, SIX)

    voice.begin(second, browser="", agrees=False, rng=world.rng, now=NOON)

    cohort = Cohort.objects.get(round=key, party=world.parties["Harbour"])
    assert cohort.mode == "one voice"
    assert Statement.objects.count() == 0
    assert not Participation.objects.filter(cohort=cohort, used=True).exists()
    newest = journal_of(world.managers["Mill"], world.alliance).lines[0].sentence
    assert newest.startswith("Harbour speaks with one voice in “Autumn”")


def test_a_party_with_one_voice_stores_no_row_of_a_person():
    world = make_alliance(people=(5, 3))
    key = open_round(world)
    manager = world.managers["Mill"]

    voice.fill_form(manager, key, answers=SIX, now=NOON)
    voice.fill_form(manager, key, answers=(1,) * 6, now=NOON)

    signed = Statement.objects.get()
    assert (signed.seat_id, bytes(signed.answers)) == (None, bytes((1,) * 6))
    assert Voice.objects.count() == 0
    link = links_of(key, world.parties["Mill"])[0]
    assert voice.form_before(link, browser="", language="en", now=NOON).stage == "one voice"
    (said,) = voice.speak([one(link, "x")], now=NOON)
    assert isinstance(said, Missing)


@pytest.mark.parametrize("who", ["participant", "other manager"])
def test_only_the_partys_manager_fills_in_the_one_form(who):
    world = make_alliance(people=(5, 3))
    key = open_round(world)
    seat = world.people["Mill"][1] if who == "participant" else world.managers["Harbour"]

    with pytest.raises(Missing):
        voice.fill_form(seat, key, answers=SIX, now=NOON)


def test_at_close_voices_get_new_keys_and_rights_forget_who_used_them():
    world = make_alliance(people=8)
    key = open_round(world)
    answer_all(world, key, {"Harbour": [SIX] * 8, "Mill": [SIX] * 8})
    before = set(Voice.objects.values_list("key", flat=True))

    close(world, key)

    after = set(Voice.objects.values_list("key", flat=True))
    assert len(after) == 16
    assert not before & after
    assert not Participation.objects.exclude(submission=None).exists()
    assert not Participation.objects.filter(used=True).exists()


def test_raw_answers_are_erased_after_thirty_days():
    world = make_alliance(people=8)
    key = open_round(world)
    answer_all(world, key, {"Harbour": [SIX] * 8})
    close(world, key)

    erase_voices(key, now=LATER + WEEK * 5)

    assert Voice.objects.count() == 0


def test_one_voice_fills_in_its_reflection_and_no_form_on_the_same_topics():
    world = make_alliance(people=(5, 2))
    key = begin_evaluation(world, scans=("trust",))
    topics, trust = Round.objects.filter(evaluation=key).order_by("pk")

    with pytest.raises(Missing):
        voice.form_of_party(world.managers["Mill"], topics.pk, language="en", now=NOON)
    form = voice.form_of_party(world.managers["Mill"], trust.pk, language="en", now=NOON)
    assert form.stage == "form"
