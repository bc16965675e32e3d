import pytest
from names import Noun, article, read_names

NOUNS = {noun.singular: noun for noun in read_names()}


@pytest.mark.parametrize(
    "words, expected",
    [
        ("apple", "an"),
        ("umbrella", "an"),
        ("hourglass", "an"),
        ("orange background", "an"),
        ("unicorn", "a"),
        ("house", "a"),
        ("small apple", "a"),
        ("yellow background", "a"),
    ],
)
def test_article_follows_the_sound(words, expected):
    assert article(words) == expected


@pytest.mark.parametrize(
    "name, count, expected",
    [
        ("apple", 1, "an apple"),
        ("apple", 3, "three apples"),
        ("wolf", 2, "two wolves"),
        ("mouse", 2, "two mice"),
        ("sheep", 2, "two sheep"),
        ("bow and arrow", 2, "two bows and arrows"),
        ("grapes", 1, "some grapes"),
        ("scissors", 2, "some scissors"),
        ("pine tree", 2, "two pine trees"),
        ("strawberry", 2, "two strawberries"),
        ("tooth", 3, "three teeth"),
    ],
)
def test_counted(name, count, expected):
    assert NOUNS[name].counted(count) == expected


def test_adjective_stands_after_article_and_number():
    assert NOUNS["apple"].counted(1, "small") == "a small apple"
    assert NOUNS["dog"].counted(1, "large") == "a large dog"
    assert NOUNS["dog"].counted(2, "large") == "two large dogs"
    assert NOUNS["grapes"].counted(1, "small") == "some small grapes"


def test_plurals_end_as_english_ones_do():
    for noun in NOUNS.values():
        if noun.plural and noun.plural == noun.singular + "s":
            assert not noun.singular.endswith(("s", "x", "ch", "sh")), f"{noun.singular}: needs its plural in names.txt"
            assert not (noun.singular.endswith("y") and noun.singular[-2] not in "aeiou"), noun.singular


def test_nouns_differ():
    forms = [form for noun in NOUNS.values() for form in {noun.singular, noun.plural or noun.singular}]
    assert len(forms) == len(set(forms))
    assert len({noun.glyph for noun in NOUNS.values()}) == len(NOUNS)


def test_a_line_without_a_name_is_named(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("# nouns\n🐕 dog\n🐈\n", encoding="utf-8")
    with pytest.raises(ValueError, match='names.txt, line 3: "🐈" is not'):
        read_names(path)


def test_a_name_given_twice_is_named(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("🐕 dog\n🐶 dog\n", encoding="utf-8")
    with pytest.raises(ValueError, match="named twice: dog"):
        read_names(path)


def test_limit():
    assert [noun.singular for noun in read_names(limit=2)] == ["dog", "cat"]
    assert Noun("🐕", "dog", "dogs") == read_names(limit=1)[0]
