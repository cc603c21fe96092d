"""Predictions: the guess is kept, the outcome computed, the explanation fits."""

import pytest

from poolkit.course import predicting, state
from poolkit.course.exercises import everything
from poolkit.course.predicting import Prediction, predict, recall, reveal

PREDICTIONS = {one.id: one for one in everything("predictions")}


@pytest.fixture(autouse=True)
def own_progress(monkeypatch, tmp_path):
    monkeypatch.setattr(state, "_store", state.Store(str(tmp_path / "progress.db")))
    return tmp_path / "progress.db"


@pytest.fixture
def question(monkeypatch):
    one = Prediction(
        id="simple.x",
        question="How many, and does it work?",
        places={"count": int, "works": bool, "how": ("fast", "slow")},
        sample={"count": 1, "works": True, "how": "fast", "sure": 60},
        explanations=(
            ({"count": 2, "how": "slow"}, "Two would be slow."),
            ({"count": 2}, "Two is one too many."),
            ({"count": 3}, "Nothing is opened twice."),
            ({"works": False}, "It does work."),
            ({"how": "slow"}, "Nothing is opened twice."),
        ),
        why="Because.",
    )
    monkeypatch.setattr(predicting, "find", lambda kind, id: one)
    return one


def test_dots_ask_the_question_and_keep_nothing(question, capsys):
    predict("simple.x", count=..., works=..., how=..., sure=...)

    said = capsys.readouterr().out
    assert "How many, and does it work?" in said
    assert '"fast" or "slow"' in said
    assert state.store().guess("simple.x") is None


def test_first_guess_is_kept(question, capsys):
    predict("simple.x", count=2, works="yes", how="Fast", sure=80)
    predict("simple.x", count=1, works="yes", how="Fast", sure=80)

    assert state.store().guess("simple.x") == ({"count": 2, "works": True, "how": "fast"}, 80)
    assert "That first answer stays" in capsys.readouterr().out


def test_first_guess_survives_a_restart(question, own_progress, capsys):
    predict("simple.x", count=2, works="yes", how="fast", sure=80)

    state._store = state.Store(str(own_progress))
    reveal("simple.x", count=1, works=True, how="fast")

    assert "Two is one too many." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (
            {"count": "two", "works": True, "how": "fast"},
            "`count` takes a whole number; you wrote 'two'.",
        ),
        (
            {"count": 2.5, "works": True, "how": "fast"},
            "`count` takes a whole number; you wrote 2.5.",
        ),
        (
            {"count": True, "works": True, "how": "fast"},
            "`count` takes a whole number; you wrote True.",
        ),
        ({"count": 2, "works": "maybe", "how": "fast"}, "`works` takes True or False"),
        (
            {"count": 2, "works": True, "how": "medium"},
            '`how` takes "fast" or "slow"; you wrote \'medium\'.',
        ),
        ({"count": 2, "works": True, "how": "fast", "why": 1}, "There is no `why` here"),
        ({"count": float("nan"), "works": True, "how": "fast"}, "`count` takes a whole number"),
        ({"count": float("inf"), "works": True, "how": "fast"}, "`count` takes a whole number"),
    ],
)
def test_unfitting_guess_is_told_and_not_kept(question, capsys, guess, said):
    predict("simple.x", sure=70, **guess)

    assert said in " ".join(capsys.readouterr().out.split())
    assert state.store().guess("simple.x") is None


@pytest.mark.parametrize("sure", [..., 0, 1, 49, 101, "very", True, None])
def test_unfitting_sureness_is_told_and_not_kept(question, capsys, sure):
    predict("simple.x", count=1, works=True, how="fast", sure=sure)

    assert "from 50 (a coin) to 100" in capsys.readouterr().out
    assert state.store().guess("simple.x") is None


@pytest.mark.parametrize(
    ("sure", "kept"), [(50, 50), (100, 100), (0.8, 80), ("90 %", 90), ("90%", 90)]
)
def test_sureness_in_the_ways_people_write_it(question, sure, kept):
    predict("simple.x", count=1, works=True, how="fast", sure=sure)

    assert state.store().guess("simple.x")[1] == pytest.approx(kept)


def test_reveal_explains_that_wrong_guess(question, capsys):
    predict("simple.x", count=1, works=False, how="fast", sure=95)
    capsys.readouterr()

    reveal("simple.x", count=1, works=True, how="fast")

    said = capsys.readouterr().out
    assert "It does work." in said
    assert "Two is one too many." not in said
    assert "95 % sure" in said


def test_reveal_without_a_guess_shows_the_outcome_kindly(question, capsys):
    reveal("simple.x", count=1, works=True, how="fast")

    said = capsys.readouterr().out
    assert "You made no guess" in said
    assert "Because." in said


def test_an_explanation_that_matches_what_happened_is_not_told(question, capsys):
    predict("simple.x", count=2, works=True, how="slow", sure=60)
    capsys.readouterr()

    reveal("simple.x", count=2, works=True, how="fast")

    assert "Two is one too many." not in capsys.readouterr().out


def test_a_reveal_run_twice_does_not_change_what_is_true(capsys):
    predict("simple.counts", created=1, reused=1, sure=60)
    reveal("simple.counts", created=1, reused=1)
    capsys.readouterr()

    reveal("simple.counts", created=5, reused=9)

    assert (
        "When this notebook was made, it came out as created=1, reused=1."
        in capsys.readouterr().out
    )
    assert state.store().predictions()["simple.counts"][1] == {"created": 1, "reused": 1}


def test_what_was_remembered_is_not_asked_again(capsys):
    predict("simple.counts", created=2, reused=0, sure=60)
    reveal("simple.counts", created=1, reused=1)
    recall("simple.counts", created=1, reused=1)
    capsys.readouterr()

    recall()

    assert "None of an earlier lesson is kept yet." in capsys.readouterr().out


def test_recall_asks_the_oldest_that_was_right_when_nothing_surprised(capsys):
    for id, right in (
        ("simple.counts", {"created": 1, "reused": 1}),
        ("retry.wasted", {"wasted": 40}),
    ):
        predict(id, **right, sure=90)
        reveal(id, **right)
    capsys.readouterr()

    recall()

    said = capsys.readouterr().out
    assert "You had this one right. Do you still?" in said
    assert 'recall("simple.counts", created=..., reused=...)' in said


def test_a_place_left_open_is_named(capsys):
    predict("simple.counts", created=2, reused=..., sure=60)
    recall("simple.counts", reused=0)

    said = capsys.readouterr().out
    assert "`reused` still has its dots." in said
    assert "`created` still has its dots." in said


def test_reveal_refuses_an_outcome_that_is_no_option(question):
    with pytest.raises(ValueError, match="does not fit"):
        reveal("simple.x", count=1, works=True, how="medium")


def test_recall_draws_from_own_surprises(capsys):
    predict("simple.counts", created=2, reused=0, sure=60)
    reveal("simple.counts", created=1, reused=1)
    capsys.readouterr()

    recall()

    assert 'recall("simple.counts", created=..., reused=...)' in capsys.readouterr().out


def test_recall_compares_with_the_outcome(capsys):
    recall("simple.counts", created=1, reused=1)
    right = capsys.readouterr().out
    recall("simple.counts", created=2, reused=0)
    wrong = capsys.readouterr().out

    assert "Remembered" in right
    assert "Not quite" in wrong


@pytest.mark.parametrize(
    ("guess", "told"),
    [
        ((1, True, "fast"), []),
        ((2, True, "fast"), [(["count"], "Two is one too many.")]),
        (
            (2, False, "fast"),
            [(["count"], "Two is one too many."), (["works"], "It does work.")],
        ),
        (
            (2, False, "slow"),  # what speaks of two places leaves no more to say of either
            [(["count", "how"], "Two would be slow."), (["works"], "It does work.")],
        ),
        ((3, True, "slow"), [(["count", "how"], "Nothing is opened twice.")]),  # said once
        ((4, True, "fast"), []),
    ],
)
def test_every_wrong_part_is_explained_once(question, guess, told):
    guess = dict(zip(question.places, guess, strict=True))

    assert question.explain(guess, {"count": 1, "works": True, "how": "fast"}) == told


def test_several_reasons_name_their_places(question, capsys):
    predict("simple.x", count=2, works="no", how="slow", sure=80)
    reveal("simple.x", count=1, works=True, how="fast")

    said = capsys.readouterr().out
    assert "• `count`, `how`: Two would be slow.\n• `works`: It does work.\nBecause." in said


@pytest.mark.parametrize("one", [pytest.param(one, id=id) for id, one in PREDICTIONS.items()])
def test_outcomes_fit_their_questions(one):
    outcome = predicting.outcomes()[one.id]

    assert one.read(outcome) == (outcome, "")
    assert 50 <= one.sample["sure"] <= 100
    assert one.read(one.sample)[1] == ""


@pytest.mark.parametrize("one", [pytest.param(one, id=id) for id, one in PREDICTIONS.items()])
def test_explained_guesses_are_wrong_and_each_is_reached(one):
    outcome = predicting.outcomes()[one.id]
    for part, text in one.explanations:
        assert set(part) <= set(one.places)
        if one.measured:
            continue
        assert {name: outcome[name] for name in part} != one.read({**outcome, **part})[0], part
        assert all(outcome[name] != one.read({**outcome, **part})[0][name] for name in part), part
        told = one.explain(one.read({**outcome, **part})[0], outcome)
        assert [said for _, said in told] == [text]
