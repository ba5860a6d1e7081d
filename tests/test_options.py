"""Options from texts: what each parameter takes, and the sentence that says so when it gets something else."""
import pytest

from options import TYPE_ALIASES, InvalidOption, Options, Region, parse
from postprocessing.framing import Framing, Length, Margin


def test_nothing_given_is_the_default():
    assert parse({}) == Options()


@pytest.mark.parametrize("type", ["auto", "car", *TYPE_ALIASES])
def test_every_type_of_remove_bg_looks_for_a_vehicle(type):
    assert parse({"type": type}) == Options()


def test_zero_needs_no_unit():
    assert parse({"roi": "0 0 100% 50px"}).region == Region(((0, "px"), (0, "px"), (100, "%"), (50, "px")))
    assert parse({"crop_margin": "0 10%"}).framing.margin == Margin.sides(Length(0), Length(10, "%"))
    assert parse({"position": "0 100%"}).framing == Framing(position=(0, 100))


@pytest.mark.parametrize("name, value, message", [
    ("crop_margin", "501px", "takes margins of 0 to 500px, not 501px"), ("crop_margin", "51%", "takes margins of 0 to 50%, not 51%"),
    ("crop_margin", "1px 2px 3px", "takes one, two or four margins, not 3"),
    ("crop_margin", "5", "takes space-separated numbers with px or %, such as '10% 20px', not '5'"),
    ("roi", "1px 2px", "takes four lengths: left, top, right and bottom, such as '10% 0 90% 100%', not '1px 2px'"),
    ("scale", "5%", "takes original or a percentage from 10% to 100%, not '5%'"),
    ("position", "10% 20% 30%", "takes original, center, or one or two percentages from 0% to 100%, not '10% 20% 30%'"),
    ("format", "gif", "takes auto, png, jpg, webp, zip, not 'gif'"), ("crop", "maybe", "takes true or false, not 'maybe'"),
    ("shadow_opacity", "101", "takes a number from 0 to 100, not '101'"),
    ("watermark_scale", "0", "takes a number from 1 to 100, with or without %, not '0'"),
    ("bg_color", "12345", "takes 3, 4, 6 or 8 hexadecimal digits or the name of a CSS colour, not '12345'"),
    ("watermark", "logo", "takes the name of a configured watermark, not 'logo'"),
])
def test_a_message_completes_a_sentence_that_starts_with_the_name(name, value, message):
    with pytest.raises(InvalidOption) as refusal:
        parse({name: value})
    assert (refusal.value.name, str(refusal.value)) == (name, message)


@pytest.mark.parametrize("text, colour", [("fff", (255, 255, 255, 255)), ("#1234", (17, 34, 51, 68)), ("01020304", (1, 2, 3, 4)),
                                          ("Gold", (255, 215, 0, 255)), ("", None)])
def test_colours(text, colour):
    assert parse({"bg_color": text}).colour == colour


def test_unknown_names_are_no_options():
    with pytest.raises(KeyError, match="colour"):
        parse({"colour": "red"})


def test_a_matte_alone_is_no_zip_so_that_results_are_named_as_what_they_are():
    assert [parse({"channels": "alpha", "format": given}).format for given in ("zip", "png", "jpg", "webp", "auto")] == ["png", "png", "jpg", "webp", "auto"]
