"""Lesson 14: its records are true to the shop, its pictures' words fit, its mends mend."""

import ast
import inspect
import os
import re

import pytest

from poolkit.course import notebooks
from poolkit.course.desk.pool_running import KEPT, first_not_kept, put_through
from poolkit.course.desk.running import Limits
from poolkit.course.lessons import capstone
from poolkit.course.lessons.capstone import given, recording, shop
from poolkit.course.lessons.capstone.carrying import carried_on
from poolkit.course.lessons.capstone.holding import seconds_held
from poolkit.course.lessons.capstone.leaking import never_returned
from tests.conformance import judging, plain
from tests.conformance.reference import Pool

RECORDS = {n: capstone.read_events(f"incident_{n}.csv") for n in (1, 2, 3)}
SHOP = inspect.getsource(shop).splitlines()


# the starter, the reference and the stages


def methods(source):
    (pool,) = (n for n in ast.parse(source).body if isinstance(n, ast.ClassDef))
    return [part for part in pool.body if isinstance(part, ast.FunctionDef)]


def test_starter_has_the_reference_s_methods_and_nothing_in_them():
    source = (notebooks.LEARNER / "my_pool.py").read_text(encoding="utf-8")
    found = {one.name: one for one in methods(source)}

    assert set(found) == {
        name for name in vars(Pool) if callable(getattr(Pool, name)) and name[0] != "_"
    } | {"__init__"}
    for name, one in found.items():
        assert ast.get_docstring(one)
        assert len(one.body) == 2, "a docstring and dots"
        assert f"({ast.unparse(one.args)})" == str(inspect.signature(getattr(Pool, name)))


def test_stages_are_those_of_the_suite():
    ours = [(stage.name, stage.title) for stage in capstone.stages]

    assert ours == [(stage.name, stage.title) for stage in judging.STAGES]


def test_notebook_has_every_stage_with_its_help_and_names_the_number_of_promises():
    cells = notebooks.read(notebooks.LEARNER / "14_capstone.ipynb").cells
    source = "\n".join(cell.source for cell in cells)

    for stage in capstone.stages:
        assert f'stage("{stage.name}")\n# hint("{stage.id}")\n# solution("{stage.id}")' in source
    if hasattr(os, "fork"):
        assert f"{len(plain.asked())} promises in all" in source


@pytest.mark.parametrize("stage", capstone.stages, ids=lambda stage: stage.name)
def test_a_stage_has_three_hints(stage):
    assert [len(hint) > 60 for hint in stage.hints] == [True] * 3
    assert "____" in stage.hints[2]
    for word in re.findall(r"\blesson (\d\d)\b", " ".join(stage.hints)):
        assert int(word) < 14


LONG = ("interrupts", "fork", "end")  # the last stage is put through all of them every time


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.name in LONG else [])
        for one in capstone.stages
    ],
)
def test_solution_of_a_stage_is_a_whole_pool_that_keeps_it_and_those_before(stage):
    names = [one.name for one in capstone.stages]
    wanted = names[: names.index(stage.name) + 1]
    if not hasattr(os, "fork"):
        wanted.remove("fork")

    outcome = put_through(stage.solution(), wanted, Limits(cell=10.0, whole=90.0))

    assert (outcome.reason, outcome.notes) == ("", [])
    assert {one.id: one.why for one in outcome.promises if one.what != KEPT} == {}


@pytest.mark.parametrize("stage", capstone.stages[:-1], ids=lambda stage: stage.name)
def test_solution_of_a_stage_is_not_yet_that_of_the_next(stage):
    following = capstone.stages[capstone.stages.index(stage) + 1]
    if following.name == "fork" and not hasattr(os, "fork"):
        pytest.skip("nothing is asked of a fork where there is none")

    outcome = put_through(stage.solution(), [following.name], Limits(cell=10.0, whole=90.0))

    assert first_not_kept(outcome.promises) is not None


def test_every_promise_names_a_lesson_of_the_course():
    for promise in plain.asked():
        assert promise.lesson in (2, 3, 4, 7, 8, 9, 12)


# the records


@pytest.mark.parametrize("number", RECORDS)
def test_record_is_true_to_the_shop_s_lines(number):
    words = {"lent": "acquire()", "queued": "acquire()", "timed out": "acquire()"}
    words |= {"returned": "release(conn)", "BEGIN": "INSERT", "COMMIT": "commit()"}
    for _, _, event, _, where in RECORDS[number]:
        line = SHOP[int(where.removeprefix("shop.py:")) - 1]
        assert words.get(event, "") in line, f"{where}: record the incidents anew"


@pytest.mark.parametrize("number", RECORDS)
def test_record_is_in_order_and_lends_no_connection_twice(number):
    times = [event[0] for event in RECORDS[number]]
    out = set()

    assert times == sorted(times)
    for _, _, event, connection, _ in RECORDS[number]:
        assert (event == "lent") != (connection in out) or event not in ("lent", "returned")
        if event in ("lent", "returned"):
            out ^= {connection}


def test_first_record_has_leaks_and_one_loan_that_is_none():
    out = {loan[0] for loan in never_returned(RECORDS[1], 1.0)}

    assert {capstone.kind_of(thread) for thread in out} == {"refund"}
    assert sum(over is None for *_, over in given.loans_of(RECORDS[1])) == len(out) + 1
    assert not any(e[2] == "timed out" and e[1].startswith("refund") for e in RECORDS[1])


def test_second_record_is_filled_by_those_who_come_seldom():
    kinds = capstone.kinds_of_lines(RECORDS[2])
    held = {kinds[w]: seconds for w, seconds in seconds_held(RECORDS[2], 2.0, 4.0).items()}

    assert held["export"] > 10 * (held["product"] + held["checkout"])


def test_third_record_has_what_the_notebook_says():
    carried = carried_on(RECORDS[3])

    assert [how for *_, how in carried].count("ROLLBACK") == 1
    assert {began.partition("-")[0] for _, began, _, _ in carried} == {"order"}


def test_proof_of_the_third_incident_is_the_stored_orders_themselves():
    wrote = [e[1] for e in RECORDS[3] if e[2] == "INSERT" and capstone.kind_of(e[1]) == "order"]
    names = dict(zip(wrote, recording.NAMES, strict=True))  # order-1 is ann's, and so on
    stored = set(recording.refused()) & set(recording.third_record()[1])

    inside = {
        ended: capstone.orders_inside(RECORDS[3], connection, ended)
        for connection, _, ended, how in carried_on(RECORDS[3])
        if how == "COMMIT"
    }

    assert {names[order] for orders in inside.values() for order in orders} == stored
    assert inside["visit-6"] == ["order-6", "order-7"]
    assert inside["order-10"] == ["order-9"]  # its own was meant


def test_third_day_comes_out_the_same_each_time():
    events, stored = recording.third_record()

    assert [event[1:4] for event in events] == [event[1:4] for event in RECORDS[3]]
    assert stored == recording.third_record()[1]


def test_a_plan_is_recorded_with_the_shop_s_lines():
    plan = recording.named([(0.0, "checkout", shop.checkout), (0.0, "checkout", shop.checkout)])

    events = recording.record(plan, size=1, patience=5.0)

    assert [event[2] for event in events] == ["lent", "queued", "returned", "lent", "returned"]
    assert {event[1] for event in events} == {"checkout-1", "checkout-2"}
    assert all("acquire()" in SHOP[int(e[4][8:]) - 1] for e in events if e[2] == "lent")


# the mends


def test_a_larger_pool_runs_dry_later_and_a_block_never_does():
    five, ten = (capstone.refunds_until_dry(shop.refund, size) for size in (5, 10))

    assert capstone.lasting(five, ten) == "longer"
    assert capstone.refunds_until_dry(shop.refund_mended, 5) == 60
    assert capstone.lasting(five, 60) == "for good"
    assert capstone.lasting(five, five) == "no longer"


def test_rolling_back_on_return_stores_no_refused_order():
    assert capstone.refused_and_stored(shop.ShopPool) == (7, 5)
    assert capstone.refused_and_stored(shop.MendedPool) == (7, 0)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (10, 0, "none"),
        (0, 0, "none"),
        (10, 5, "fewer"),
        (9, 9, "about as many"),
        (4, 15, "more"),
        (0, 3, "more"),
    ],
)
def test_counts_are_compared_in_the_words_of_the_prediction(before, after, said):
    assert capstone.compared(before, after) == said


def test_shares_are_told_in_the_words_of_the_prediction():
    assert [capstone.share(some, 7) for some in (0, 5, 7)] == ["none", "some", "all"]


def test_an_open_transaction_lay_idle_for_less_than_a_twentieth_of_a_second():
    since, idle = {}, []
    open_ones = set()
    for at, _, event, connection, _ in RECORDS[3]:
        if event == "BEGIN":
            open_ones.add(connection)
        elif event in ("COMMIT", "ROLLBACK"):
            open_ones.discard(connection)
        elif event == "returned" and connection in open_ones:
            since[connection] = at
        elif event == "lent" and connection in since:
            idle.append(at - since.pop(connection))

    assert 0.02 < max(idle) < 0.05


def test_side_by_side_gives_each_its_own_result():
    assert capstone.side_by_side(lambda: 1, lambda: 2) == [1, 2]


# the pictures


def drawn(picture, events):
    import matplotlib.pyplot as plt

    fig, alt = picture(events)
    labels = [axes.get_xlabel() + axes.get_ylabel() for axes in fig.axes]
    plt.close(fig)
    return alt, labels


@pytest.mark.parametrize(
    ("picture", "number"),
    [("loans_picture", 1), ("busy_picture", 2), ("transactions_picture", 3)],
)
def test_pictures_have_titles_and_words(picture, number):
    alt, labels = drawn(getattr(capstone, picture), RECORDS[number])

    assert len(alt) > 60
    assert all(labels)
    assert "seconds" in "".join(labels)


def test_sentences_say_what_is_drawn():
    assert capstone.loans_sentence(RECORDS[1]).startswith("4 loans go on to the end")
    assert "All 4 connections were held from 2.2 s to 3.6 s" in capstone.busy_sentence(RECORDS[2])
    assert capstone.transactions_sentence(RECORDS[3]).startswith("6 of 11 transactions")


def test_sentences_say_so_where_nothing_is_to_be_seen():
    peaceful = [
        (0.0, "order-1", "lent", 1, "shop.py:1"), (0.1, "order-1", "BEGIN", 1, "shop.py:2"),
        (0.2, "order-1", "COMMIT", 1, "shop.py:3"), (0.3, "order-1", "returned", 1, "shop.py:4"),
        (9.0, "order-2", "lent", 1, "shop.py:1"),
    ]  # fmt: skip

    assert capstone.loans_sentence(peaceful).startswith("Not shown by this record: every loan")
    assert capstone.busy_sentence(peaceful).startswith("Not shown by this record: 0 time-outs")
    assert capstone.transactions_sentence(peaceful).startswith("Not shown by this record: all 1")


def test_loans_and_transactions_are_read_off_whole():
    loans = given.loans_of(RECORDS[2])

    assert len(loans) == sum(event[2] == "lent" for event in RECORDS[2])
    assert all(over > begins for _, _, begins, over in loans)
    assert sum(returns > 0 for *_, returns in given.transactions_of(RECORDS[3])) == 6
