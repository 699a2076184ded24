"""Pictures: what they draw, and that they draw nothing else."""

import json
import os
import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.report.picture import (
    MARK,
    NEAR,
    NEAR_DOT,
    Band,
    Mark,
    Span,
    axis,
    choice_picture,
    distribution,
    dumbbell,
    lanes,
    lowest,
    slope,
    strip,
    topic_picture,
    word_axis,
)

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)
SVG_WORDS = {
    "svg", "title", "line", "rect", "circle", "use", "text",
}  # fmt: skip
ATTRIBUTES = {
    "class", "height", "width", "role", "aria-label", "aria-hidden", "href", "text-anchor",
    "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "transform",
}  # fmt: skip


def mark(letter, value, words="", end="", *, step=0.0, name=None):
    return Mark(name or f"Party {letter}", letter, value, words or str(value), end, step)


def said(letter, value, people, end="", *, step=0.5, name=None):
    name = name or f"Party {letter}"
    return Mark(name, letter, value, f"{value}", end, step, people, f"people of {name} {people}")


def parsed(picture):
    return ET.fromstring(picture.svg)  # noqa: S314 - our own markup is what is tested


def points(picture):
    return [one for one in parsed(picture).iter("use") if "point" in (one.get("class") or "")]


def pictures_with(name):
    marks = [mark("a", 4.5, name, name=name), mark("b", 6.5, name, "higher", name=name)]
    bands = [Band(name, share, name) for share in (20, 30, 50)]
    return (
        dumbbell(name, marks, hidden=name),
        dumbbell(name, [mark("a", None, name, name=name)], hidden=name),
        distribution(name, bands),
        strip(name, marks, note=name),
        topic_picture([said("a", 4, 4.5, name=name)], title=name, hidden=name),
        choice_picture([mark("b", 2, name, name=name)], title=name, hidden=name, words="xyz"),
        word_axis((name, name, name)),
    )


def naughty():
    file = SHARED / "badinput" / "blns" / "blns.json"
    if not file.exists():
        assert os.environ.get("CI") != "true", f"{file} is missing"
        pytest.skip(f"{file} is missing: the naughty strings were not tried")
    return json.loads(file.read_text(encoding="utf-8"))


def test_a_dumbbell_is_drawn_exactly_so():
    picture = dumbbell(
        "Decision speed",
        [mark("a", 1.5, step=0.5), mark("b", 2.5, name="Mill & Co")],
        hidden="not shown",
        span=Span(1, 3),
    )

    assert picture.label == "Decision speed: Party a 1.5; Mill & Co 2.5"
    assert picture.svg == (
        '<svg class="plot dumbbell" height="34" role="img"'
        ' aria-label="Decision speed: Party a 1.5; Mill &amp; Co 2.5">'
        "<title>Decision speed: Party a 1.5; Mill &amp; Co 2.5</title>"
        '<line class="tick" x1="0%" x2="0%" y1="10" y2="24"/>'
        '<line class="tick" x1="50%" x2="50%" y1="10" y2="24"/>'
        '<line class="tick" x1="100%" x2="100%" y1="10" y2="24"/>'
        '<line class="axis" x1="0%" x2="100%" y1="17" y2="17"/>'
        '<rect class="band party-a" x="12.5%" width="25%" y="14.5" height="5"/>'
        '<line class="join" x1="25%" x2="75%" y1="17" y2="17"/>'
        '<use class="point party-a" href="#mark-a" x="25%" y="17">'
        "<title>Party a: 1.5</title></use>"
        '<use class="point party-b" href="#mark-b" x="75%" y="17">'
        "<title>Mill &amp; Co: 2.5</title></use></svg>"
    )


def test_the_axis_says_every_point_of_the_scale_and_is_not_read_aloud():
    root = parsed(axis(Span(1, 5)))

    assert [(text.text, text.get("x")) for text in root.iter("text")] == [
        ("1", "0%"), ("2", "25%"), ("3", "50%"), ("4", "75%"), ("5", "100%"),
    ]  # fmt: skip
    assert root.get("aria-hidden") == "true"


@pytest.mark.parametrize(("end", "edge"), [("higher", "100%"), ("lower", "0%")])
def test_an_end_is_drawn_open_from_its_displayed_value(end, edge):
    picture = dumbbell("x", [mark("c", 6.5, "6.5 or higher", end, step=0.5)], hidden="-")

    opened = [one for one in parsed(picture).iter("use") if "open-end" in one.get("class")]
    arms = [one for one in parsed(picture).iter("line") if "open-end" in one.get("class")]
    assert [(one.get("href"), one.get("x")) for one in opened] == [(f"#end-{end}", edge)]
    assert [(one.get("x1"), one.get("x2")) for one in arms] == [("91.67%", edge)]
    assert [one.get("x") for one in points(picture)] == ["91.67%"]
    assert [one for one in parsed(picture).iter("rect") if "band" in one.get("class")] == []


def test_a_party_that_is_not_shown_leaves_no_trace_but_its_words():
    shown = [mark("a", 3.0), mark("c", 5.0)]
    hidden = Mark("Mill", "b", None, "not shown")

    with_it = dumbbell("x", [shown[0], hidden, shown[1]], hidden="not shown")
    without = dumbbell("x", shown, hidden="not shown")

    assert with_it.label == "x: Party a 3.0; Mill not shown; Party c 5.0"
    assert with_it.svg.replace(with_it.label, "") == without.svg.replace(without.label, "")


def test_when_nobody_is_shown_the_line_says_so_and_has_no_marks():
    picture = dumbbell("x", [Mark("Mill", "b", None, "withheld")], hidden="not shown")

    assert points(picture) == []
    assert [text.text for text in parsed(picture).iter("text")] == ["not shown"]


@given(st.permutations([mark("a", 2.0), mark("b", 6.0), mark("c", 4.0), mark("d", 4.0)]))
@settings(max_examples=24, deadline=None)
def test_marks_keep_the_order_they_are_given_in_whatever_their_values(order):
    picture = dumbbell("x", order, hidden="-")

    assert [one.get("href")[-1] for one in points(picture)] == [one.letter for one in order]


@given(st.lists(st.sampled_from([1.5, 2.0, 2.5, 3.0, 3.1, 3.2, 4.0, 6.5]), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_marks_closer_than_a_marks_width_step_apart(values):
    marks = [mark("abcdef"[at], value) for at, value in enumerate(values)]

    picture = dumbbell("x", marks, hidden="-")

    height = float(parsed(picture).get("height"))
    spots = [(float(one.get("x")[:-1]), float(one.get("y"))) for one in points(picture)]
    for (left, up), (right, down) in combinations(spots, 2):
        assert abs(left - right) >= NEAR - 0.01 or abs(up - down) >= MARK - 0.11
    assert all(7 <= down <= height - 7 for _, down in spots)


def test_a_mark_that_stands_alone_stays_on_the_line():
    picture = dumbbell("x", [mark("a", 4.0), mark("b", 4.0), mark("c", 6.0)], hidden="-")

    assert [one.get("y") for one in points(picture)] == ["10.5", "23.5", "17"]


def test_a_topic_is_drawn_exactly_so():
    picture = topic_picture(
        [said("a", 2, 1.5), mark("b", 3, "3", name="Mill & Co")],
        title="Openness",
        hidden="not answered",
        high=3,
    )

    words = "Openness: Party a 2, people of Party a 1.5; Mill &amp; Co 3"
    assert picture.svg == (
        f'<svg class="plot topic-plot" height="34" role="img" aria-label="{words}">'
        f"<title>{words}</title>"
        '<line class="tick" x1="0%" x2="0%" y1="10" y2="24"/>'
        '<line class="tick" x1="50%" x2="50%" y1="10" y2="24"/>'
        '<line class="tick" x1="100%" x2="100%" y1="10" y2="24"/>'
        '<line class="axis" x1="0%" x2="100%" y1="17" y2="17"/>'
        '<rect class="band party-a" x="12.5%" width="25%" y="4.5" height="5"/>'
        '<svg class="people party-a" x="25%" y="7"><use href="#mark-a" transform="scale(.55)">'
        "<title>Party a: people of Party a 1.5</title></use></svg>"
        '<line class="join" x1="50%" x2="100%" y1="17" y2="17"/>'
        '<use class="point party-a" href="#mark-a" x="50%" y="17"><title>Party a: 2</title></use>'
        '<use class="point party-b" href="#mark-b" x="100%" y="17">'
        "<title>Mill &amp; Co: 3</title></use></svg>"
    )


def test_what_people_say_lies_beside_the_line_and_ends_run_to_the_edge():
    marks = [said("a", 4, 6.5, "higher"), said("b", 4, 1.5, "lower"), said("c", None, 4.0)]
    marks.append(said("d", 4, 4.0, step=0.0))

    picture = topic_picture(marks, title="x", hidden="-")

    root = parsed(picture)
    bands = [(one.get("x"), one.get("width")) for one in root.iter("rect")]
    rows = {
        one.get("class")[-1]: float(one.get("y"))
        for one in root.iter("svg")
        if "people" in one.get("class")
    }
    line = float(root.find("line[@class='axis']").get("y1"))
    dodged = [float(one.get("y")) for one in points(picture)]
    assert bands == [("91.67%", "8.33%"), ("0%", "8.33%"), ("45.83%", "8.34%")]
    assert rows["c"] < rows["a"] < min(dodged)
    assert max(dodged) < rows["b"] < rows["d"]
    assert (rows["c"] + rows["d"]) / 2 == line
    assert [round(after - before, 1) for before, after in pairwise(dodged)] == [MARK, MARK]
    assert 0 < rows["c"] < rows["d"] < float(root.get("height"))


def test_a_topic_that_nobody_has_answered_says_so_and_one_that_people_have_does_not():
    nobody = topic_picture([mark("a", None, "not answered")], title="x", hidden="not answered")
    people = topic_picture([said("a", None, 4.0)], title="x", hidden="not answered")

    assert [one.text for one in parsed(nobody).iter("text")] == ["not answered"]
    assert nobody.label == "x: Party a not answered"
    assert points(people) == []
    assert list(parsed(people).iter("text")) == []


def test_a_choice_stands_under_its_word():
    words = ("not", "a little", "a lot")
    picture = choice_picture(
        [mark("a", 0, "not"), mark("b", 2, "a lot"), mark("c", 1, "a little")],
        title="Own goals", hidden="-", words=words,
    )  # fmt: skip

    above = {one.text: one.get("x") for one in parsed(word_axis(words)).iter("text")}
    assert picture.label == "Own goals: Party a not; Party b a lot; Party c a little"
    assert [one.get("x") for one in points(picture)] == [
        above["not"], above["a lot"], above["a little"],
    ]  # fmt: skip


def test_a_distribution_diverges_from_the_middle_of_its_middle_band():
    bands = [Band("low", 10, "10 %"), Band("mid", 20, "20 %"), Band("high", 70, "70 %")]

    picture = distribution("Mill", bands)

    bars = [
        (one.get("class"), one.get("x"), one.get("width")) for one in parsed(picture).iter("rect")
    ]
    assert bars == [("low", "40%", "5%"), ("middle", "45%", "10%"), ("high", "55%", "35%")]
    assert picture.label == "Mill: low 10 %; mid 20 %; high 70 %"
    texts = [(one.text, one.get("text-anchor")) for one in parsed(picture).iter("text")]
    assert texts == [("10 %", "end"), ("20 %", "middle"), ("70 %", "middle")]


def test_a_band_that_is_an_end_is_drawn_open():
    bands = [
        Band("low", 0, "0 %"),
        Band("mid", 10, "10 % or less", "lower"),
        Band("high", 90, "-"),
    ]

    looks = [one.get("class") for one in parsed(distribution("Mill", bands)).iter("rect")]

    assert looks == ["open-bar middle", "high"]


def test_a_distribution_has_three_bands():
    with pytest.raises(ValueError, match="three bands"):
        distribution("x", [Band("low", 50, ""), Band("high", 50, "")])


def test_a_strip_draws_a_dot_a_party_and_names_the_lowest():
    marks = [mark("a", round(3 + at * 37 % 49 / 20, 1), name=f"Group {at}") for at in range(49)]
    hidden = Mark("Group 49", "a", None, "not shown")

    picture = strip("Climate", [*marks, hidden], note="Group 0: 3.0")

    dots = list(parsed(picture).iter("circle"))
    assert len(dots) == 49
    assert [one.find("title").text for one in dots if one.get("class") == "dot named"] == [
        f"{one.name}: {one.words}" for one in lowest(marks)
    ]
    assert [one.text for one in parsed(picture).iter("text")] == ["Group 0: 3.0"]
    spots = [(float(one.get("cx")[:-1]), float(one.get("cy"))) for one in dots]
    for (left, up), (right, down) in combinations(spots, 2):
        assert abs(left - right) >= NEAR_DOT - 0.01 or abs(up - down) >= 8.9


def test_the_lowest_are_all_that_share_the_lowest_value_in_order():
    marks = [mark("a", 3.0), mark("b", 2.5), Mark("x", "c", None, ""), mark("d", 2.5)]

    assert [one.letter for one in lowest(marks)] == ["b", "d"]
    assert lowest([Mark("x", "c", None, "")]) == ()


@given(st.lists(st.floats(0, 100), max_size=12))
@settings(max_examples=50, deadline=None)
def test_no_lane_holds_two_that_are_near(places):
    chosen = lanes(places, 7.0)

    for (lane, place), (other_lane, other) in combinations(zip(chosen, places, strict=True), 2):
        assert lane != other_lane or abs(place - other) >= 7.0


def test_names_of_every_kind_stay_text():
    expected = {
        picture.svg.split(">", 1)[0].split(" ", 1)[0] for picture in pictures_with("Harbour")
    }
    shapes = [
        [(one.tag, sorted(one.keys())) for one in parsed(p).iter()] for p in pictures_with("H")
    ]
    assert expected == {"<svg"}

    for name in naughty():
        for picture, shape in zip(pictures_with(name), shapes, strict=True):
            drawn = parsed(picture)
            if name:
                assert [(one.tag, sorted(one.keys())) for one in drawn.iter()] == shape


def test_a_name_is_read_back_as_it_was():
    name = "\"><script>alert(1)</script>&amp;' onload=x \u202e\U0001f600"

    picture = dumbbell(name, [mark("a", 4.0, "4.0", name=name)], hidden="-")

    assert parsed(picture).get("aria-label") == f"{name}: {name} 4.0"
    assert [one.text for one in parsed(picture).iter("title")] == [
        f"{name}: {name} 4.0",
        f"{name}: 4.0",
    ]


def test_what_xml_forbids_becomes_a_visible_mark():
    picture = dumbbell("a\x00b\x1b\ud800\uffff", [], hidden="-")

    assert parsed(picture).find("title").text == "a\ufffdb\ufffd\ufffd\ufffd: "


def test_pictures_use_known_elements_and_attributes_and_never_a_style():
    for picture in (*pictures_with("Harbour"), axis()):
        for one in parsed(picture).iter():
            assert {one.tag} <= SVG_WORDS
            assert set(one.keys()) <= ATTRIBUTES
        assert re.search(r"style|\son\w+=|#(?!mark-|end-)", picture.svg) is None


def test_every_class_of_a_picture_has_its_ink_on_screen_and_the_parties_theirs_on_paper():
    web = Path(__file__).parents[2] / "src" / "understream" / "web"
    css = (web / "static" / "css" / "understream.css").read_text(encoding="utf-8")
    sprite = (web / "_sprite.html").read_text(encoding="utf-8")
    bands = [Band("l", 10, "", "lower"), Band("m", 40, ""), Band("h", 50, "")]
    drawn = (*pictures_with("Harbour"), distribution("x", bands), axis())
    classes = {
        word
        for picture in drawn
        for one in parsed(picture).iter()
        for word in (one.get("class") or "").split()
    }
    targets = {one.get("href")[1:] for picture in drawn for one in parsed(picture).iter("use")} | {
        f"mark-{letter}" for letter in "abcdef"
    }
    paper = css[css.index("@media print") :]

    unstyled = {word for word in classes if not re.search(rf"\.{word}\b", css)}
    assert unstyled == {"dumbbell", "distribution", "strip-plot", "topic-plot"}
    assert {target for target in targets if f'id="{target}"' not in sprite} == set()
    # Black ink alone: filled, open and grey, so that neighbours differ by more than shape.
    assert set(re.findall(r"\.party-([a-f])", paper)) == set("becf")


# ----------------------------------------------------------------------------- change


def test_a_slope_goes_from_then_to_now_and_higher_stands_higher():
    found = slope("Mill", 1, 7, letter="b", words="from 1 to 7", hidden="not shown", noise=0.5)

    (joined,) = [one for one in parsed(found).iter("line") if "line" in one.get("class").split()]
    assert (joined.get("x1"), joined.get("y1")) == ("12%", "82")
    assert (joined.get("x2"), joined.get("y2")) == ("88%", "10")
    assert [(one.get("x"), one.get("y")) for one in points(found)] == [
        ("12%", "82"),
        ("88%", "10"),
    ]
    assert found.label == "Mill: from 1 to 7"


def test_the_grey_band_of_a_slope_lies_about_the_earlier_figure_and_stays_within_the_scale():
    def band(before):
        found = slope("M", before, 4, letter="a", words="w", hidden="h", noise=1.5)
        (one,) = [one for one in parsed(found).iter("rect") if one.get("class") == "noise"]
        return float(one.get("y")), float(one.get("height"))

    assert band(4) == (28, 36)  # twelve pixels a point, 4 at 46
    assert band(6.5) == (10, 24)


@pytest.mark.parametrize(("before", "now", "marks"), [(None, 4, 1), (4, None, 1), (None, None, 0)])
def test_a_slope_that_lacks_an_end_draws_no_line_and_no_band(before, now, marks):
    found = slope("M", before, now, letter="a", words="w", hidden="not shown", noise=1)

    assert len(points(found)) == marks
    assert "noise" not in found.svg
    assert 'class="line' not in found.svg
    assert ("not shown" in found.svg) == (marks == 0)
