"""Lesson 03: its figure's words, its storm, its answers beside their counterparts in poolkit."""

import random
import sqlite3
import statistics
import threading
import time
from time import sleep as nap

import pytest

import poolkit
from poolkit.course import notebooks
from poolkit.course.lessons import retry as lesson
from poolkit.course.lessons.retry import looping, pausing


def run(kind="fixed", **settings):
    growing = list(lesson.backoff_delays(200, base=0.04, cap=0.16))
    rng = random.Random(1)
    pauses = {
        "fixed": lambda: [0.04] * 200,
        "exponential": lambda: growing,
        "jittered": lambda: [rng.uniform(0, pause) for pause in growing],
    }
    return lesson.storm(pauses[kind], **settings)


def three():
    return {kind: run(kind) for kind in ("fixed", "exponential", "jittered")}


# the storm


@pytest.mark.parametrize("kind", ["fixed", "exponential", "jittered"])
def test_everybody_is_served_once_and_never_more_than_there_is_room(kind):
    one = run(kind)

    assert sum(one.served.values()) == 50
    assert max(one.served.values()) == lesson.room_of(one) == 5
    assert min(one.served) * one.tick >= one.ends


def test_clients_with_equal_pauses_stay_together():
    one = run("exponential")

    assert set(one.knocks.values()) <= set(range(5, 51, 5))
    assert one.worst == 50


def test_fixed_pauses_knock_when_they_should():
    one = run("fixed", clients=1)

    assert sorted(tick * one.tick for tick in one.knocks) == pytest.approx(
        [0.04 * n for n in range(1, 14)]
    )
    assert one.in_vain == 12
    assert one.all_served == pytest.approx(0.02)


def test_who_has_no_pause_left_stays_away():
    one = lesson.storm(lambda: [0.1], clients=3)

    assert sum(one.knocks.values()) == 3
    assert one.served == {}


def test_sentence_names_what_was_drawn():
    said = lesson.storm_sentence(three())

    assert "50 clients in one moment, for 5 places" in said
    assert "0.24 s after the return instead of 1.54 s" in said


def test_sentence_says_so_when_jitter_helped_nothing():
    storms = three()
    storms["exponential"], storms["jittered"] = storms["jittered"], storms["exponential"]

    assert lesson.storm_sentence(storms).startswith("Not shown by this run")
    assert lesson.storm_sentence({**storms, "jittered": storms["exponential"]}).startswith("Not")


def test_table_has_a_line_for_each():
    lines = lesson.storm_table(three()).splitlines()

    assert [line.split()[0] for line in lines] == ["pauses", "fixed", "exponential", "jittered"]
    assert lines[2].split()[1:] == ["200", "50", "1.54", "s"]


def means_of_a_hundred(least):
    """Knocks in vain, worst moment, last one served: each pause drawn from `least` of it to all."""
    growing = list(lesson.backoff_delays(200, base=0.04, cap=0.16))
    storms = []
    for seed in range(100):
        rng = random.Random(seed)
        storms.append(
            lesson.storm(lambda rng=rng: [rng.uniform(least * pause, pause) for pause in growing])
        )
    names = ("in_vain", "worst", "all_served")
    return [statistics.mean(getattr(one, name) for one in storms) for name in names]


def test_notebook_says_what_equal_jitter_does_over_a_hundred_seeds():
    vain, worst, served = means_of_a_hundred(0.5)
    full_vain, full_worst, full_served = means_of_a_hundred(0)

    (path,) = (path for path in notebooks.lesson_files() if path.stem == "03_retry")
    said = next(c.source for c in notebooks.read(path).cells if c.id == "herd-after-md")
    assert f"{vain:.0f} knocks while the database is away instead of {full_vain:.0f}" in said
    worst_said = (
        f"{worst:.0f} at once in the worst moment after the return instead of {full_worst:.0f}"
    )
    assert worst_said in said
    assert f"served {served:.2f} s after the return instead of {full_served:.2f} s" in said


def test_picture_has_words():
    import matplotlib.pyplot as plt

    fig, alt = lesson.storm_picture(three())

    assert len(fig.axes) == 3
    assert "seconds" in fig.axes[-1].get_xlabel()
    assert "database is away" in alt
    plt.close(fig)


# the errors


def test_errors_are_what_the_lesson_says(tmp_path):
    codes = {
        what: exc.sqlite_errorcode & 0xFF
        for what, exc in lesson.provoke_errors(str(tmp_path)).items()
    }

    assert list(codes.values()) == [5, 5, 6, 1, 14]


def test_another_process_really_holds_the_lock(tmp_path):
    path = lesson.make_database(str(tmp_path))
    db = sqlite3.connect(path, timeout=0)

    with lesson.locked_by_another(path, seconds=0.2):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            db.execute("SELECT * FROM events").fetchall()
        poolkit.retry(lambda: db.execute("SELECT * FROM events").close(), attempts=50, cap=0.1)

    db.close()


# answers beside poolkit


@pytest.mark.parametrize("settings", [{}, {"base": 0.5, "cap": 3.0}, {"base": 5.0, "cap": 3.0}])
@pytest.mark.parametrize("attempts", [1, 2, 9, 2000])
def test_pauses_are_those_of_the_library(attempts, settings):
    ours = list(lesson.backoff_delays(attempts, **settings))

    assert ours == pytest.approx(list(poolkit.backoff_delays(attempts, **settings)))


def test_transient_is_what_the_library_calls_so(tmp_path):
    errors = [
        *lesson.provoke_errors(str(tmp_path)).values(),
        sqlite3.OperationalError("database is locked"),
        sqlite3.OperationalError("no such table: events"),
        ValueError("the door is locked"),
    ]

    assert [lesson.is_transient(e) for e in errors] == [poolkit.is_transient(e) for e in errors]


@pytest.mark.parametrize("failures", [0, 1, 3, 4])
def test_retry_does_what_the_library_does(failures):
    played = []
    for one in (
        lambda func, sleep: lesson.retry(
            func, lesson.backoff_delays(4), lesson.is_transient, sleep
        ),
        lambda func, sleep: poolkit.retry(func, attempts=4, sleep=sleep),
    ):
        errors, slept = looping.locks(failures), []
        func = looping.Script(*errors)
        try:
            ended = one(func, slept.append)
        except sqlite3.OperationalError as exc:
            ended = errors.index(exc)
        played.append((ended, func.calls, slept))

    assert played[0] == played[1]


def test_claims_wait_for_nothing():
    with pausing.noting_sleeps() as slept:
        for claim in looping.loop.claims:
            claim(lesson.retry)

    assert slept == []


def test_errors_can_be_made_again_in_the_same_folder(tmp_path):
    first, again = (lesson.provoke_errors(str(tmp_path)) for _ in range(2))

    assert [str(exc) for exc in first.values()] == [str(exc) for exc in again.values()]


def test_claim_hears_no_sleep_of_another_thread():
    stop = threading.Event()

    def sleeper():
        while not stop.is_set():
            time.sleep(0.001)

    other = threading.Thread(target=sleeper)
    other.start()
    try:
        for _ in range(50):
            pausing.only_gives(lesson.backoff_delays)
    finally:
        stop.set()
        other.join()


def test_a_sleep_under_a_name_of_its_own_is_stopped_before_it_begins():
    with pytest.raises(pausing.Slept), pausing.noting_sleeps(refuse=True) as slept:
        nap(600)

    assert len(slept) == 1
