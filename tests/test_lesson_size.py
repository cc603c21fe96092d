"""Lesson 11: its law, its models, its pictures both ways, and what its text says."""

import dataclasses
import functools
import inspect
import math
import random
import re
import threading
import time

import pytest
import simpy

from poolkit.course import notebooks
from poolkit.course.checking import examine
from poolkit.course.exercises import find
from poolkit.course.lessons import size as lesson
from poolkit.course.lessons.size import measured, model, pictures
from poolkit.course.lessons.threads import FairPool
from poolkit.course.measuring import NotMeasured
from poolkit.course.player import play_all


def cell(id):
    (path,) = (path for path in notebooks.lesson_files() if path.stem == "11_size")
    return next(c.source for c in notebooks.read(path).cells if c.id == id)


# the law


def test_law_holds_of_the_model():
    """What is in use, summed up over time, is what came in times what it was held."""
    env = simpy.Environment()
    pool, in_use = simpy.Resource(env, 4), []

    def arrivals():
        rng = random.Random(3)
        for _ in range(400):
            yield env.timeout(rng.expovariate(20))
            env.process(lesson.client(env, pool, 0.1, 100, []))

    def look():
        while True:
            in_use.append(pool.count)
            yield env.timeout(0.01)

    done = env.process(arrivals())
    env.process(look())
    env.run(done)

    mean = sum(in_use) / len(in_use)
    assert mean == pytest.approx(lesson.little(per_second=400 / env.now, seconds=0.1), rel=0.02)


@pytest.mark.parametrize("three", [(8, 0.5, 4), (200, 0.015, 3)])
def test_each_of_the_three_gives_the_others(three):
    per_second, seconds, busy = three

    assert lesson.little(per_second=per_second, seconds=seconds) == pytest.approx(busy)
    assert lesson.little(per_second=per_second, busy=busy) == pytest.approx(seconds)
    assert lesson.little(seconds=seconds, busy=busy) == pytest.approx(per_second)


def test_a_number_is_told_as_it_was_given():
    def little(per_second=None, seconds=None, busy=None):
        if busy is None and None not in (per_second, seconds):
            return math.ceil(per_second * seconds)
        return lesson.little(per_second, seconds, busy)

    assert "gave 2. " in examine(find("exercises", "size.little"), little).story


# the models


def test_strangers_come_as_often_as_asked_and_wait_as_erlang_says():
    """Erlang's C formula, for four places and 80 %: 59.6 % wait, 0.075 s on average."""
    (pairs,) = model.rush(lesson.client, [4], 32, 0.1, seconds=600, patience=1000)

    assert len(pairs) == pytest.approx(32 * 600, rel=0.03)
    assert model.had_to_wait([pairs]) == pytest.approx(0.596, abs=0.05)
    waits = model.waited(pairs)
    assert sum(waits) / len(waits) == pytest.approx(0.0746, rel=0.25)


def test_shares_deal_the_clients():
    pools = model.rush(lesson.client, [9, 9], 100, 0.01, seconds=20, shares=[4, 1])

    assert len(pools[0]) == pytest.approx(4 * len(pools[1]), rel=0.2)


def test_who_gives_up_is_counted():
    assert model.gave_up([(0.0, True), (5.0, False), (1.0, True), (5.0, False)]) == 0.5
    assert model.had_to_wait([[(0.0, True)], [(5.0, False), (1.0, True), (0.0, True)]]) == 0.5
    assert model.gave_up([]) == model.had_to_wait([[]]) == 0.0


def test_models_come_out_the_same_each_time():
    def once():
        return (
            model.rush(lesson.client, [2, 2], 30, 0.1, seconds=5),
            model.regulars(lesson.client, 5, 2, 0.02, 0.01, 1),
            model.Storm(model.jittered, 3).run().asked,
        )

    assert once() == once()


def test_regulars_draw_the_same_in_the_model_and_on_threads():
    """With a place for each nobody waits, so that only pauses and holds decide how many loans."""
    modelled = model.regulars(lesson.client, 3, 3, 0.05, 0.05, 0.5)

    assert modelled == [0.0] * len(modelled)
    real = measured.regulars(3, 3, 0.05, 0.05, 0.5)
    assert 0 < len(real) <= len(modelled)


@functools.cache
def storms():
    made = {
        "at once": model.Storm(model.no_pause),
        "with jitter": model.Storm(model.jittered),
        "three attempts": model.Storm(model.jittered, attempts=3),
        "with a budget": model.Storm(model.jittered, 3, lesson.RetryBudget(10, 50)),
    }
    return {name: one.run() for name, one in made.items()}


@pytest.mark.parametrize("seed", range(1, 4))
def test_only_the_budget_ends_the_storm_whatever_the_seed(seed):
    for policy, back in (
        ((model.jittered,), False),
        ((model.jittered, 3), False),
        ((model.jittered, 3, lesson.RetryBudget(10, 50)), True),
        ((model.jittered, 1), True),
    ):
        assert (model.Storm(*policy).run(seed).back_after is not None) == back


def test_without_an_outage_there_is_no_storm():
    one = model.Storm(model.no_pause, away=(10.0, 10.0)).run()

    assert one.back_after == 0
    assert len(one.asked) - len(one.answered) <= 50
    assert len(one.answered) == pytest.approx(25 * 45, rel=0.1)


def test_pauses_are_drawn_from_nothing_to_a_growing_bound():
    rng = random.Random(1)
    for attempt, bound in ((1, 0.5), (2, 1.0), (5, 8.0), (2000, 8.0)):
        drawn = [model.jittered(rng, attempt) for _ in range(500)]
        assert 0 <= min(drawn) < 0.1 * bound
        assert 0.9 * bound < max(drawn) <= bound


@pytest.mark.parametrize(
    ("needs", "smallest"), [([2, 2], 3), ([3, 2], 4), ([3, 3], 5), ([1, 2, 3], 4), ([1, 1], 1)]
)
def test_smallest_pool_holds_and_one_fewer_freezes(needs, smallest):
    assert lesson.smallest_pool(needs) == smallest
    assert play_all(lesson.together(FairPool, needs, smallest), plays=300).ok
    if smallest > max(needs):
        fewer = play_all(lesson.together(FairPool, needs, smallest - 1), plays=300)
        assert fewer.kind == "deadlock"


# what it measures


def test_percentile_is_the_smallest_that_so_many_do_not_exceed():
    hundred = [float(n) for n in range(100, 0, -1)]

    assert [measured.percentile(hundred, p) for p in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert measured.percentile([7.0], 50) == 7.0
    assert measured.percentile([1.0, 2.0, 3.0], 50) == 2.0


def test_paced_borrows_as_often_as_asked():
    pool = measured.desk_pool(5)

    in_use = measured.paced(pool, per_second=100, held=0.001, seconds=0.1)

    stats = pool.stats()
    assert stats["created"] + stats["reused"] == 10
    assert stats["in_use"] == 0
    assert in_use


def test_clients_read_and_write_for_real(tmp_path):
    path = measured.make_events(str(tmp_path))

    points = measured.busy_clients(path, measured.write, (1, 3), seconds=0.05)

    assert measured.rows_in(path) == measured.ROWS + sum(point.loans for point in points)
    for point in points:
        assert point.peak <= point.size
        assert point.loans == len(point.waits) == len(point.totals) > 0
        assert point.median <= point.slowest
        assert all(map(float.__le__, point.waits, point.totals))


def test_nothing_is_measured_while_something_runs(monkeypatch):
    monkeypatch.setattr(measured, "left_behind", lambda: [threading.current_thread()])

    with pytest.raises(NotMeasured):
        measured.paced(measured.desk_pool(1), 10, 0.001, 0.1)
    with pytest.raises(NotMeasured):
        measured.regulars(2, 1, 0.01, 0.01, 0.1)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.3, "fewer"),
        (1.0, "about as many"),
        (2.0, "up to four times"),
        (9.0, "more than four times"),
    ],
)
def test_growth_in_words_is_an_option_of_the_prediction(ratio, words):
    assert measured.as_growth(ratio) == words
    for place in find("predictions", "size.knee").places.values():
        assert words in place


def test_shares_and_times_in_words_are_options_of_the_predictions():
    shares = {model.as_share(part / 20) for part in range(21)}
    times = {model.as_times(ratio) for ratio in (1, 2, 3, 9, 11, 100)}

    for id in ("size.servers", "size.skewed"):
        for place in find("predictions", id).places.values():
            assert set(place) == shares
    assert set(find("predictions", "size.ninety").places["as_long"]) == times


# the pictures and their sentences


def point(size, per_second, slowest=0.02):
    return measured.Point(size, 100, per_second, [0.0] * 100, [0.01] * 98 + [slowest] * 2, size)


BENDS = [point(1, 1000), point(2, 1900), point(4, 2000), point(16, 1900, slowest=0.2)]
GROWS = [point(1, 1000), point(2, 2000), point(4, 4000), point(16, 16000)]
FLAT = [point(1, 1000), point(2, 1010), point(4, 990), point(16, 1000)]


def test_knee_sentence_names_the_knee_and_who_pays():
    reads, writes, waits = pictures.knee_sentence(BENDS, FLAT).splitlines()

    assert "knee of reads is at 2, with 1900 loans a second; 16 connections do 1900" in reads
    assert "1 of 100 takes 200 ms or more, instead of 20 ms" in reads
    assert "knee of writes is at 1" in writes
    assert "hardly longer" in writes
    assert "0.0 ms (reads) and 0.0 ms (writes) with 1, and 0.0 ms and 0.0 ms with 16" in waits


def test_of_fewer_than_a_hundred_only_the_slowest_is_told():
    few = [point(1, 1000), dataclasses.replace(point(16, 1000, slowest=0.2), loans=40)]

    reads, _, _ = pictures.knee_sentence(few, BENDS).splitlines()

    assert reads.endswith("and the slowest takes 200 ms, instead of 20 ms.")


@pytest.mark.parametrize(
    ("rates", "size"),
    [
        ((1000, 1900, 2000, 1900), 2),
        ((1000, 1000, 1000, 1000), 1),
        ((400, 500, 1000, 430), 4),
        ((1000, 500, 450, 400), 1),
        ((1790, 960, 1680, 2730), None),
        ((400, 2200, 800, 2100), None),
    ],
)
def test_rates_that_go_up_and_down_have_no_knee(rates, size):
    points = list(map(point, (1, 2, 4, 16), rates))

    bend = pictures.knee(points)

    assert (bend and bend.size) == size
    said = pictures.knee_sentence(points, BENDS)
    assert ("a clear knee of reads; 1790" in said or "; 400, 2200" in said) == (size is None)


def test_rate_counts_only_what_ended_in_time(tmp_path):
    path = measured.make_events(str(tmp_path))

    (slow,) = measured.busy_clients(path, lambda conn: time.sleep(0.05), (1,), seconds=0.02)

    assert slow.loans == measured.CLIENTS
    assert slow.per_second == 0


def test_knee_sentence_admits_that_there_is_none():
    said = pictures.knee_sentence(GROWS, BENDS).splitlines()

    assert said[0].startswith("Not shown on this machine: a knee of reads")
    assert said[1].startswith("The knee of writes")


@pytest.mark.parametrize("reads", [BENDS, GROWS, FLAT], ids=["bends", "grows", "flat"])
def test_knee_picture_is_drawn_with_words(reads):
    import matplotlib.pyplot as plt

    fig, alt = pictures.knee_picture(reads, BENDS)

    fig.canvas.draw()
    assert "a second" in fig.axes[0].get_ylabel()
    assert "milliseconds" in fig.axes[1].get_ylabel()
    assert [len(axes.lines) for axes in fig.axes] == [3, 4]
    looks = {(line.get_color(), line.get_linestyle()) for line in fig.axes[1].lines}
    assert len(looks) == 4
    assert len(alt) > 40
    plt.close(fig)


def test_error_sentence_tells_the_error_or_that_nothing_fits():
    fits = pictures.error_sentence([0.002] * 100, [0.0021] * 102)
    slow = pictures.error_sentence([0.02] * 100, [0.002] * 100)
    few = pictures.error_sentence([0.002] * 50, [0.002] * 100)

    assert "+2% off in loans and +5% in the mean wait" in fits
    assert not fits.startswith("Not shown")
    assert slow.startswith("Not shown on this machine")
    assert few.startswith("Not shown on this machine")


def test_model_table_has_both():
    lines = pictures.against_the_model([0.001, 0.003], [0.002] * 3).splitlines()

    assert lines[1].split() == ["measured", "2", "2.0", "ms", "3.0", "ms"]
    assert lines[2].split() == ["model", "3", "2.0", "ms", "2.0", "ms"]


def flat_out(half, ninety, most):
    return {10: [half], 50: [half], 90: [ninety], 98: [most]}


def test_busy_sentence_both_ways():
    said = pictures.busy_sentence(flat_out(0.01, 0.2, 1.0), 0.1)

    assert "0.10 times a loan at 50 %, 2.00 at 90 %, 10.00 at 98 %" in said
    for other in ((0.1, 0.1, 0.1), (0.1, 0.15, 0.2), (0.2, 0.1, 0.05), (0.01, 0.2, 0.3)):
        assert pictures.busy_sentence(flat_out(*other), 0.1).startswith("Not shown by this run")


def test_storm_sentence_both_ways():
    four = storms()
    budget = four["with a budget"]

    said = pictures.storm_sentence(four)

    assert "still down: at once, with jitter, three attempts. Back: with a budget (4 s)." in said
    assert pictures.storm_sentence({"with a budget": budget}).startswith("Not shown by this run")
    assert pictures.storm_sentence({"at once": four["at once"]}).endswith("Back: none.")


def test_other_pictures_are_drawn_with_words():
    import matplotlib.pyplot as plt

    for fig, alt in (
        pictures.busy_picture(flat_out(0.01, 0.2, 1.0), 0.1),
        pictures.storm_picture(storms()),
    ):
        fig.canvas.draw()
        assert fig.axes[-1].get_xlabel()
        assert any(axes.get_ylabel() for axes in fig.axes)
        assert len(alt) > 40
        plt.close(fig)


# what the notebook says


@functools.cache
def busy_server(connections):
    sizes = [connections] + [5] * 19
    users = {"per_second": 320, "held": 0.25, "seconds": 20}
    return model.rush(lesson.client, sizes, shares=[4] + [1] * 19, **users)[0]


def test_notebook_is_right_about_the_busy_server():
    said = cell("servers-try")

    assert "With 10 it is 8 %, with 11 nobody gives up in these 20 s" in said
    assert f"{model.gave_up(busy_server(10)):.2f}" == "0.08"
    assert model.gave_up(busy_server(11)) == 0
    for size, words in ((11, "% have to wait"), (14, "% wait")):
        assert f"{100 * model.had_to_wait([busy_server(size)]):.0f} {words}" in said
    assert round(lesson.little(per_second=320 * 4 / 23, seconds=0.25)) == 14
    assert str(14 + 19 * 5) in said


def test_notebook_is_right_about_three_attempts():
    few = model.Storm(model.jittered, attempts=3, per_second=10).run()
    more = model.Storm(model.jittered, attempts=3, per_second=15).run()

    assert f"With 10 they are answered again after {few.back_after} s, with 15 not within" in cell(
        "storm-try"
    )
    assert more.back_after is None


def test_notebook_is_right_about_what_a_timeout_says():
    from poolkit import ConnectionPool, PoolTimeout

    pool = measured.desk_pool(1)
    assert type(pool) is ConnectionPool
    with pool.connection(), pytest.raises(PoolTimeout) as caught:
        pool.acquire(timeout=0)

    (quoted,) = re.findall("says “(.+?)”", cell("freeze-after"))
    assert quoted in str(caught.value)


def test_database_of_the_storm_does_fifty_a_second():
    one = model.Storm(model.no_pause)

    assert one.places / one.work == pytest.approx(50)
    assert math.isinf(one.attempts)


def test_sources_that_are_shown_fit_into_a_cell():
    for shown in (model.rush, model.Storm.caller, model.Storm.query, measured.read, measured.write):
        assert max(map(len, inspect.getsource(shown).splitlines())) <= 100
