"""The ladder of `check`, rung by rung, and what a learner reads on each."""

import _thread
import dataclasses
import io
import itertools
import re
import sqlite3
import sys
import threading
import time

import pytest

from poolkit import SimplePool
from poolkit.course import check, explain, hint, mine_or_reference, solution, state
from poolkit.course import guard as guarding
from poolkit.course.checking import _card, examine
from poolkit.course.exercises import NotJudged, UnknownId, assume, because, find, same
from poolkit.course.guard import Guard, Stopped
from poolkit.course.lessons.simple import CappedPool, Lender, ReusingPool, Shelf
from poolkit.course.shown import Card
from tests.double import DOUBLE, EVEN, takes_zero


@pytest.fixture(autouse=True)
def own_progress(monkeypatch):
    monkeypatch.setattr(state, "_store", state.Store(":memory:"))


def told(thing, exercise=DOUBLE, **limits) -> tuple[str, str]:
    verdict = examine(exercise, thing, **limits)
    return verdict.reason, verdict.story


@pytest.mark.parametrize("thing", [..., lambda n: ..., lambda n: None])
def test_not_attempted(thing):
    assert told(thing)[0] == "not attempted"


def test_not_implemented_is_not_attempted():
    def double(number):
        raise NotImplementedError("later")

    def later(number):
        raise NotImplementedError

    assert told(double)[0] == told(later)[0] == "not attempted"


def test_wrong_kind_says_what_to_pass():
    assert told(None)[1] == "You handed over None. Pass `double` by its name, without brackets."
    assert told(6) == (
        "wrong kind",
        "Pass the function itself, `double` without brackets; this is 6.",
    )
    assert told(int)[1] == "This exercise wants a function; this is <class 'int'>."
    reuse = find("exercises", "simple.reuse")
    assert (
        "an object made by" in told(type("ReusingPool", (Shelf,), {"acquire": len})(None), reuse)[1]
    )
    assert told(lambda self: 1, reuse)[0] == "wrong kind"


def test_signature_shows_both():
    def double():
        return 6

    assert told(double) == (
        "signature",
        "`double` is called as `double(number)`; yours is `double()`.",
    )


def test_an_extra_argument_with_a_default_is_fine():
    def double(number, times=2, /, *rest, **more):
        return number * times

    assert told(double) == ("", "")


def test_exception_shows_their_line_and_none_of_ours():
    def double(number):
        return number + "2"

    reason, story = told(double)

    assert reason == "raised TypeError"
    assert '`return number + "2"`' in story
    assert "poolkit" not in story


def test_their_own_assert_is_theirs():
    def double(number):
        assert number > 5, "too small for me"
        return number * 2

    reason, story = told(double)

    assert reason == "raised AssertionError"
    assert "too small for me" in story


def test_exit_is_told_and_survived():
    def double(number):
        sys.exit()

    assert "asked Python to exit" in told(double)[1]


def test_keyboard_is_told_and_survived(monkeypatch):
    def double(number):
        return int(input("number? "))

    assert "a check cannot type" in told(double)[1]


def test_debugger_is_told_and_survived():
    def double(number):
        breakpoint()
        return number * 2

    assert "a check cannot type" in told(double)[1]


def test_printing_is_kept_short_and_apart(capsys):
    def double(number):
        for _ in range(100_000):
            print("x" * 1000)

    verdict = examine(DOUBLE, double)

    assert verdict.reason == "wrong type"
    assert "it gave None" in verdict.story
    assert len(verdict.printed) < 450
    assert capsys.readouterr().out == ""


def test_liar_in_eq_is_caught():
    class Liar:
        def __eq__(self, other):
            return True

        __hash__ = None

    assert told(lambda number: Liar())[0] == "wrong type"
    assert not same({"created": Liar()}, {"created": 1})
    assert not same([Liar()], [1])


def test_endless_is_the_same_as_itself_alone():
    assert same(float("inf"), float("inf"))
    assert not same(0, float("inf"))
    assert not same(float("-inf"), float("inf"))
    assert not same(float("inf"), 1.0)


def test_repr_that_raises_is_survived():
    class Odd(int):
        def __repr__(self):
            sys.exit()

    assert "its __repr__ raised SystemExit" in told(lambda number: Odd(7))[1]


def test_exception_whose_text_raises_is_survived():
    class Odd(Exception):
        def __str__(self):
            raise ValueError

    def double(number):
        raise Odd

    assert told(double)[0] == "raised Odd"


def test_endless_loop_is_told_and_ended():
    def double(number):
        while True:
            pass

    reason, story = told(double, limit=0.3)

    assert reason == "hung"
    assert "`while True:`" in story or "`pass`" in story
    assert guarding.left_behind() == []


def test_loop_that_swallows_everything_is_ended_or_reported():
    def double(number):
        while True:
            try:
                time.sleep(0.01)
            except BaseException:
                if next(tries) > 3:
                    raise

    tries = itertools.count()

    assert told(double, limit=0.2)[0] == "hung"
    assert guarding.left_behind() == []


def test_recursion_is_told():
    def double(number):
        return double(number)

    assert "calls itself without end" in told(double)[1]


def test_endless_recursion_that_is_caught_each_time_is_ended():
    def double(number):
        while True:
            try:  # noqa: SIM105
                double(number)
            except RecursionError:
                pass

    assert told(double, limit=0.3)[0] == "hung"
    assert guarding.left_behind() == []


def test_a_thread_left_by_an_earlier_answer_is_not_blamed_on_this_one():
    lock = threading.Lock()
    lock.acquire()

    with lock_freed_afterwards(lock):
        examine(DOUBLE, lambda number: lock.acquire(), limit=0.1)
        story = told(lambda number: number + 1)[1]

        assert "Part of an earlier answer still runs" in story


def test_a_signature_shows_its_star():
    def double(*, number):
        return number * 2

    assert "yours is `double(*, number)`" in told(double)[1]


def test_a_method_of_the_learners_own_base_counts_as_written():
    class Helping:
        def acquire(self):
            if self._idle:
                self._reused += 1
                return self._idle.pop()
            self._created += 1
            return self._connect()

    class ReusingPool(Helping, Shelf):
        pass

    assert told(ReusingPool, find("exercises", "simple.reuse")) == ("", "")


def test_words_stand_for_signs_that_cannot_be_printed(monkeypatch):
    class Ascii(io.StringIO):
        encoding = "ascii"

    monkeypatch.setattr(sys, "stdout", Ascii())

    Card("a check").mark("kept", "One.").mark("broken", "Two.").story("Why …").show()

    assert sys.stdout.getvalue().splitlines() == [
        "a check",
        "kept: One.",
        "broken: Two.",
        "    Why ?",
    ]


def test_deadlock_names_the_line_and_asks_for_a_restart():
    lock = threading.Lock()

    def double(number):
        with lock:
            lock.acquire()

    with lock_freed_afterwards(lock):
        reason, story = told(double, limit=0.2)

        assert reason == "hung"
        assert "`lock.acquire()`" in story
        assert "restart the kernel" in story
        assert guarding.left_behind() != []
        with pytest.raises(measuring().NotMeasured, match="restart the kernel"):
            measuring().measure(lambda: None)


class lock_freed_afterwards:
    def __init__(self, lock):
        self.lock = lock

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.lock.release()
        deadline = time.monotonic() + 5
        while guarding.left_behind() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert guarding.left_behind() == []


def measuring():
    from poolkit.course import measuring

    return measuring


def test_a_thread_they_started_is_named_and_ended():
    def double(number):
        def forever():
            while True:
                time.sleep(0.01)

        worker = threading.Thread(target=forever, name="worker-1", daemon=True)
        worker.start()
        worker.join()

    reason, story = told(double, limit=0.3)

    assert reason == "hung"
    assert "worker-1" in story
    assert "worker-1" not in [thread.name for thread in threading.enumerate()]


def test_a_connection_of_the_notebook_is_named():
    db = sqlite3.connect(":memory:")

    def double(number):
        return db.execute("SELECT 2 * ?", (number,)).fetchone()[0]

    assert "Use the one it is given" in told(double)[1]
    db.close()


def test_every_claim_gets_its_mark_and_only_the_first_its_story():
    verdict = examine(DOUBLE, lambda number: number + 1)

    assert verdict.marks == ["broken", "broken"]
    assert (verdict.reason, verdict.story) == ("wrong", "`double(3)` should give 6; it gave 4.")


def test_part_of_a_class_names_what_is_missing():
    class Half(Shelf):
        def acquire(self): ...

    peak = find("exercises", "simple.peak")

    class PeakPool(peak.answer.__mro__[1]):
        def acquire(self):
            return super().acquire()

        def stats(self): ...

    assert told(Half, find("exercises", "simple.reuse"))[0] == "not attempted"
    assert told(PeakPool, peak) == (
        "partly written",
        "Still does nothing: `stats`. Nothing is run before that.",
    )


def test_a_misspelt_method_is_named():
    class ReusingPool(Shelf):
        def acquires(self):
            return self._connect()

    reason, story = told(ReusingPool, find("exercises", "simple.reuse"))

    assert reason == "named otherwise"
    assert story.startswith("There is no `acquire` here, but there is `acquires`.")


def test_a_method_of_the_given_class_is_no_misspelling():
    class ReplacingRelease(Lender):
        def release(self, conn):
            conn.close()

    shrink = find("exercises", "simple.shrink")

    assert told(Lender, shrink)[0] == "not attempted"
    assert told(ReplacingRelease, shrink)[0] == "not attempted"


def test_explain_answers_what_is_short_and_what_is_no_text(capsys):
    for text, said in (
        (..., "in place of the dots"),
        (7, "between quotes"),
        ("It is cheaper.", "That is short."),
        ("The last one back was alive a moment ago, so lend it.", "likeliest still to be alive"),
    ):
        explain("simple.why_stack", text)
        assert said in capsys.readouterr().out


def test_our_own_object_is_called_that():
    reuse = find("exercises", "simple.reuse")

    assert told(SimplePool, reuse)[0] == "ours"
    assert told(ReusingPool, reuse)[0] == "ours"

    class Mine(ReusingPool):
        def acquire(self):
            return super().acquire()

    assert told(Mine, reuse)[0] == "ours"


def test_check_shows_one_line_a_claim(capsys):
    class CappedPool(Lender):
        def release(self, conn):
            self._idle.append(conn)

    check("simple.cap", CappedPool)

    said = capsys.readouterr().out.splitlines()
    assert said[0] == "simple.cap: 2 of 6 claims hold"
    assert said[1] == "✓ A connection given back is kept while there is room."
    assert said[2] == "✗ Never more than pool_size connections lie idle."
    assert "With `pool_size=2` seven were lent at once and came back. Idle now: 7." in said[3]
    assert said[-1] == 'Stuck? `hint("simple.cap")`'


def test_a_line_that_is_printed_again_and_again_is_shown_once(capsys):
    class CappedPool(Lender):
        def release(self, conn):
            print("back")

    check("simple.cap", CappedPool)

    said = capsys.readouterr().out
    assert said.count("back\n") == 0
    assert re.search(r"^    back  \(\d+ times\)$", said, re.MULTILINE)


def test_what_is_shown_as_printed_is_what_the_answer_printed():
    chatty = "\n-    return number * 2\n+    print('printed by the slip')\n+    return number\n"
    exercise = dataclasses.replace(EVEN, slips=(dataclasses.replace(EVEN.slips[0], edit=chatty),))

    def quiet(number):
        return number

    def loud(number):
        print("printed by the answer")
        return number

    assert examine(exercise, quiet).slip is exercise.slips[0]
    assert examine(exercise, quiet).printed == ""
    assert set(examine(exercise, loud).printed.splitlines()) == {"printed by the answer"}


def test_unknown_id_is_one_line():
    with pytest.raises(UnknownId, match=r"no exercise 'simple\.reus' in this lesson"):
        check("simple.reus", SimplePool)
    with pytest.raises(UnknownId, match="ids begin with start_here"):
        check("nowhere", SimplePool)
    with pytest.raises(UnknownId):
        check(SimplePool, "simple.reuse")


def test_solution_opens_after_two_tries_that_differ(capsys):
    class One(Lender):
        def release(self, conn):
            self._idle.append(conn)

    class Same(Lender):
        """The same again, with a comment."""

        def release(self, conn):
            # nothing new
            self._idle.append(conn)

    class Two(Lender):
        def release(self, conn):
            conn.close()

    class Stub(Lender):
        def release(self, conn): ...

    def opened() -> bool:
        capsys.readouterr()
        solution("simple.cap")
        return "len(self._idle) < self.config.pool_size" in capsys.readouterr().out

    assert not opened()
    check("simple.cap", Stub)
    check("simple.cap", One)
    check("simple.cap", Same)
    assert not opened()
    check("simple.cap", Two)
    assert opened()


def test_solution_by_force(capsys):
    solution("simple.cap", force=True)

    assert "len(self._idle) < self.config.pool_size" in capsys.readouterr().out


def test_hints_come_one_after_the_other(capsys, monkeypatch):
    monkeypatch.setattr("poolkit.course.helping._given", {})
    for rung, words in ((1, "Count what lies idle"), (2, "Compare"), (3, "____"), (3, "____")):
        hint("simple.cap")
        said = capsys.readouterr().out
        assert f"Hint {rung} of 3" in said
        assert words in said
    hint("simple.cap", 1)
    assert "Hint 1 of 3" in capsys.readouterr().out
    hint("simple.cap", 4)
    assert "There are three hints" in capsys.readouterr().out


def test_mine_or_reference(capsys):
    class Right(Lender):
        def release(self, conn):
            if len(self._idle) < self.config.pool_size:
                return self._idle.append(conn)
            return conn.close()

    class Wrong(Lender):
        def release(self, conn):
            conn.close()

    class Stub(Lender):
        def release(self, conn): ...

    assert mine_or_reference("simple.cap", Right) is Right
    assert mine_or_reference("simple.cap", Wrong) is CappedPool
    assert mine_or_reference("simple.cap", Stub) is CappedPool
    assert mine_or_reference("simple.cap", CappedPool) is CappedPool
    said = capsys.readouterr().out
    assert "your own `CappedPool`" in said
    assert "not right yet" in said
    assert "not written yet" in said
    assert "Yours is back when its cell is run again" in said


def test_mine_or_reference_reuses_the_verdict_so_that_a_hang_costs_once():
    runs = []

    class Counting(Lender):
        def release(self, conn):
            runs.append(1)
            conn.close()

    check("simple.cap", Counting)
    before = len(runs)
    mine_or_reference("simple.cap", Counting)

    assert len(runs) == before


def test_a_loop_without_end_is_told_also_where_an_earlier_claim_is_broken():
    def double(number):
        while number == 0:
            pass
        return number + 1

    verdict = examine(DOUBLE, double, limit=0.2)

    assert (verdict.reason, verdict.marks) == ("wrong", ["broken", "unjudged"])
    said = " ".join(_card(verdict).text().split())
    assert "(not judged) It did not come to an end: when its time was up, your code was" in said


@pytest.mark.parametrize("judge", [check, mine_or_reference])
def test_the_stop_button_ends_a_check_with_one_line_and_nothing_is_noted(judge):
    class CappedPool(Lender):
        def release(self, conn):
            _thread.interrupt_main()
            while True:
                pass

    with pytest.raises(Stopped) as stopped:
        judge("simple.cap", CappedPool)

    assert stopped.value._render_traceback_() == ["Stopped. Nothing was noted."]
    assert guarding.left_behind() == []
    assert state.store().tries("simple.cap") == 0


def test_guard_gives_the_streams_back(capsys):
    out, err, keyboard = sys.stdout, sys.stderr, input

    with Guard() as guard:
        guard.run(lambda: print("inside"))
        print("outside")

    assert (sys.stdout, sys.stderr, input) == (out, err, keyboard)
    assert str(guard.printed) == "inside\n"
    assert capsys.readouterr().out == "outside\n"


def test_what_cannot_be_judged_is_not_told_where_another_claim_can_tell():
    def unjudged(func):
        """It stands on something that no earlier claim insists on."""
        assume(func(3) == 6)

    exercise = dataclasses.replace(DOUBLE, claims=(unjudged, takes_zero))

    neither = examine(exercise, lambda number: number * 3 + 1)
    only_that = examine(exercise, lambda number: number * 3)

    assert (neither.reason, neither.marks) == ("zero", ["unjudged", "broken"])
    assert (only_that.reason, only_that.marks) == ("not judged", ["unjudged", "kept"])


def test_what_cannot_be_judged_may_have_a_reason_of_its_own(capsys):
    def beyond_us(func):
        """A check of this kind cannot tell everything."""
        raise NotJudged from AssertionError(because("beyond", what="tripling"))

    told = {**DOUBLE.tellings, "beyond": "We know nothing of {what:plain}."}
    exercise = dataclasses.replace(DOUBLE, claims=(beyond_us, takes_zero), tellings=told)

    neither = examine(exercise, lambda number: number * 3 + 1)
    only_that = examine(exercise, lambda number: number * 3)

    assert (neither.reason, neither.marks) == ("zero", ["unjudged", "broken"])
    assert (only_that.reason, only_that.marks) == ("beyond", ["unjudged", "kept"])
    assert only_that.story == "We know nothing of tripling."
