"""Answers to lesson 14: other right ones, and wrong designs. Slips are in the lesson's own files."""

from collections import Counter, defaultdict

from tests.answers import right, wrong

# --- capstone.leak


@right("capstone.leak")
def never_returned(events, longer_than):
    leaks = []
    for place, (at, thread, event, connection, _) in enumerate(events):
        if event != "lent" or events[-1][0] - at <= longer_than:
            continue
        if not any(e[2] == "returned" and e[3] == connection for e in events[place + 1 :]):
            leaks.append((thread, connection, at))
    return leaks


@right("capstone.leak")
def never_returned(events, longer_than):
    if not events:
        return []
    closed, leaks = set(), []
    for at, thread, event, connection, _ in reversed(events):
        if event == "returned":
            closed.add(connection)
        elif event == "lent" and connection in closed:
            closed.discard(connection)
        elif event == "lent" and at < events[-1][0] - longer_than:
            leaks.insert(0, (thread, connection, at))
    return leaks


@right("capstone.leak")
def never_returned(events, longer_than):
    loans = []
    for at, thread, event, connection, where in events:
        if event == "returned":
            loans = [loan for loan in loans if loan[1] != connection]
        if event == "lent":
            loans.append((thread, connection, at))
    now = max((event[0] for event in events), default=0.0)
    return list(filter(lambda loan: now - loan[2] > longer_than, loans))


@right("capstone.leak")
def never_returned(events, longer_than):
    last = {}
    for event in events:
        if event[2] in ("lent", "returned"):
            last[event[3]] = event
    open_ones = [e for e in last.values() if e[2] == "lent" and events[-1][0] > e[0] + longer_than]
    return [(e[1], e[3], e[0]) for e in sorted(open_ones, key=lambda e: e[0])]


@right("capstone.leak")
def never_returned(events, longer_than):
    first, count = {}, Counter()
    for at, thread, event, connection, _ in events:
        if event == "lent":
            count[connection] += 1
            first[connection] = (thread, connection, at)
        elif event == "returned":
            count[connection] -= 1
    return [
        loan
        for connection, loan in first.items()
        if count[connection] and events[-1][0] - loan[2] > longer_than
    ]


@wrong("capstone.leak", "another history")
def never_returned(events, longer_than):
    out = {}
    while events:
        at, thread, event, connection, _ = events.pop(0)
        if event == "lent":
            out[connection] = (thread, connection, at)
        elif event == "returned":
            del out[connection]
    return [loan for loan in out.values() if at - loan[2] > longer_than]


@wrong("capstone.leak", "wrong type", breaks="open_ones")
def never_returned(events, longer_than):
    out = {}
    for at, thread, event, connection, _ in events:
        if event == "lent":
            out[connection] = (thread, connection, at)
        elif event == "returned":
            del out[connection]
    return {loan for loan in out.values() if events[-1][0] - loan[2] > longer_than}


@wrong("capstone.leak", "raised KeyError", breaks="open_ones")
def never_returned(events, longer_than):
    out = {}
    for at, thread, event, connection, _ in events:
        if event == "lent":
            out[connection] = (thread, connection, at)
        else:
            del out[connection]
    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]


@wrong("capstone.leak", "another history")
def never_returned(events, longer_than):
    now = events[-1][0]
    out = {}
    for at, thread, event, connection, _ in events:
        if event == "lent":
            out[connection] = (thread, connection, at)
        elif event == "returned":
            del out[connection]
    return [loan for loan in out.values() if now - loan[2] > longer_than]


# --- capstone.held


@right("capstone.held")
def seconds_held(events, begin, end):
    total = defaultdict(float)
    for place, (since, _, event, connection, where) in enumerate(events):
        if event == "lent":
            until = end
            for at, _, what, number, _ in events[place:]:
                if what == "returned" and number == connection:
                    until = at
                    break
            a, b = max(since, begin), min(until, end)
            if b > a:
                total[where] += b - a
    return dict(total)


@right("capstone.held")
def seconds_held(events, begin, end):
    """Clamp every moment first; what lies outside has no length then."""

    def inside(at):
        return min(max(at, begin), end)

    total = Counter()
    start = {}
    for at, _, event, connection, where in events:
        if event == "lent":
            start[connection] = (where, at)
            total[where] += inside(end) - inside(at)
        elif event == "returned":
            line, _ = start.pop(connection)
            total[line] -= inside(end) - inside(at)
    return {where: seconds for where, seconds in total.items() if seconds > 1e-12}


@right("capstone.held")
def seconds_held(events, begin, end):
    # between two moments in a row the same loans are out
    moments = sorted({begin, end, *(e[0] for e in events if begin < e[0] < end)})
    held, out, place = {}, {}, 0
    for since, until in zip(moments, moments[1:]):
        while place < len(events) and events[place][0] <= since:
            _, _, event, connection, where = events[place]
            if event == "lent":
                out[connection] = where
            elif event == "returned":
                out.pop(connection)
            place += 1
        for where in out.values():
            held[where] = held.get(where, 0) + until - since
    return held


@wrong("capstone.held", "added up", breaks="whole_loans")
def seconds_held(events, begin, end):
    # several at once of one line count as one
    held, out = {}, {}
    for at, _, event, connection, where in [*events, (end, "", "", None, "")]:
        for line in {line for line, _ in out.values()}:
            since = max(begin, max(at for other, at in out.values() if other == line))
            if min(at, end) > since:
                held[line] = held.get(line, 0) + min(at, end) - since
        out = {number: (line, max(at, since)) for number, (line, since) in out.items()}
        if event == "lent":
            out[connection] = (where, at)
        elif event == "returned":
            del out[connection]
    return held


@wrong("capstone.held", "no end", breaks="without_an_end nothing_of_it")
def seconds_held(events, begin, end):
    held, out = {}, {}
    for at, _, event, connection, where in events:
        if event == "lent":
            out[connection] = (at, where)
        elif event == "returned":
            since, line = out.pop(connection)
            part = min(at, end) - max(since, begin)
            if part > 0:
                held[line] = held.get(line, 0) + part
    for since, line in out.values():
        held[line] = held.get(line, 0) + end - begin
    return held


@wrong("capstone.held", "cut", breaks="cut_at_both_ends around_it without_an_end")
def seconds_held(events, begin, end):
    return {
        where: seconds
        for where, seconds in _whole(e for e in events if begin <= e[0] <= end).items()
    }


def _whole(events):
    held, out = {}, {}
    for at, _, event, connection, where in events:
        if event == "lent":
            out[connection] = (at, where)
        elif event == "returned" and connection in out:
            since, line = out.pop(connection)
            held[line] = held.get(line, 0) + at - since
    return held


# --- capstone.carried


@right("capstone.carried")
def carried_on(events):
    found = []
    for place, (_, ended, how, connection, _) in enumerate(events):
        if how not in ("COMMIT", "ROLLBACK"):
            continue
        came_back = False
        for _, thread, what, number, _ in reversed(events[:place]):
            if number == connection and what == "returned":
                came_back = True
            if number == connection and what == "BEGIN":
                if came_back:
                    found.append((connection, thread, ended, how))
                break
    return found


@right("capstone.carried")
def carried_on(events):
    loan, begun, found = Counter(), {}, []
    for _, thread, event, connection, _ in events:
        if event == "lent":
            loan[connection] += 1
        elif event == "BEGIN":
            begun[connection] = (thread, loan[connection])
        elif event in ("COMMIT", "ROLLBACK") and connection in begun:
            who, number = begun.pop(connection)
            if number != loan[connection]:
                found.append((connection, who, thread, event))
    return found


@right("capstone.carried")
def carried_on(events):
    found = []
    for connection in {event[3] for event in events}:
        state = None
        for at, thread, event, number, _ in events:
            if number != connection:
                continue
            if event == "BEGIN":
                state = [thread, 0]
            elif event == "returned" and state:
                state[1] += 1
            elif event in ("COMMIT", "ROLLBACK") and state:
                if state[1]:
                    found.append((at, (connection, state[0], thread, event)))
                state = None
    return [one for _, one in sorted(found)]


@wrong("capstone.carried", "many", breaks="through_many_loans")
def carried_on(events):
    # whoever gave it back last with a transaction open is taken for the one who began it
    left, is_open, carried = {}, {}, []
    for _, thread, event, connection, _ in events:
        if event == "BEGIN":
            is_open[connection] = thread
        elif event == "returned" and connection in is_open:
            left[connection] = thread
        elif event in ("COMMIT", "ROLLBACK"):
            is_open.pop(connection, None)
            if connection in left:
                carried.append((connection, left.pop(connection), thread, event))
    return carried


@wrong("capstone.carried", "order", breaks="in_order_of_their_ends")
def carried_on(events):
    carried = []
    for connection in sorted({event[3] for event in events}):
        began, back = None, False
        for _, thread, event, number, _ in events:
            if number != connection:
                continue
            if event == "BEGIN":
                began, back = thread, False
            elif event == "returned":
                back = True
            elif event in ("COMMIT", "ROLLBACK") and began:
                if back:
                    carried.append((connection, began, thread, event))
                began = None
    return carried


@wrong(
    "capstone.carried",
    "by the next",
    breaks="committed_by_the_next rolled_back_by_the_next told_once through_many_loans each_connection_by_itself never_ended in_order_of_their_ends",
)
def carried_on(events):
    # a loan at a time: what is open at its end is told at once
    carried, begun = [], {}
    for _, thread, event, connection, _ in events:
        if event == "BEGIN":
            begun[connection] = thread
        elif event in ("COMMIT", "ROLLBACK"):
            begun.pop(connection)
        elif event == "returned" and connection in begun:
            carried.append((connection, begun[connection], thread, "COMMIT"))
    return carried
