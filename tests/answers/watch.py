"""Answers to lesson 10: other right ones, and wrong designs. Slips are in the lesson's own files."""

from itertools import accumulate

import pandas as pd

from tests.answers import right, wrong

# --- watch.peak


@right("watch.peak")
def peak(events):
    out, most = [], 0
    for _, what, _, conn, *_ in events:
        if what == "lent":
            out.append(conn)
            most = max(len(out), most)
        if what == "returned" and conn in out:
            out.remove(conn)
    return most


@right("watch.peak")
def peak(events):
    known = set()
    steps = [0]
    for one in events:
        step = 0
        if one.what == "lent":
            known |= {one.conn}
            step = 1
        elif one.what == "returned" and one.conn in known:
            known -= {one.conn}
            step = -1
        steps.append(step)
    return max(accumulate(steps))


@right("watch.peak")
def peak(events):
    if not events:
        return 0
    frame = pd.DataFrame(events)
    frame = frame[frame["what"].isin(["lent", "returned"])]
    if frame.empty:
        return 0
    first = frame.groupby("conn").cumcount() == 0
    frame = frame[~(first & (frame["what"] == "returned"))]
    return (
        max(0, frame["what"].map({"lent": 1, "returned": -1}).cumsum().max()) if len(frame) else 0
    )


@right("watch.peak")
def peak(events):
    def out_after(number):
        last = {}
        for event in events[:number]:
            if event.what in ("lent", "returned"):
                last[event.conn] = event.what
        return list(last.values()).count("lent")

    return max(out_after(number) for number in range(len(events) + 1))


@wrong("watch.peak", "cut", breaks="takes_a_log_that_was_cut")
def peak(events):
    frame = pd.DataFrame(events, columns=["at", "what", "thread", "conn", "s", "line", "callers"])
    steps = frame["what"].map({"lent": 1, "returned": -1}).fillna(0)
    return max(0, int(steps.cumsum().max())) if len(frame) else 0


@wrong(
    "watch.peak",
    "both",
    breaks="counts_what_is_out remembers_the_highest skips_other_events takes_a_log_that_was_cut",
)
def peak(events):
    out, most = {}, 0
    for event in events:  # one for each function that borrows
        if event.what == "lent":
            out["borrower"] = event
        elif event.what == "returned":
            out.clear()
        most = max(most, len(out))
    return most


@wrong(
    "watch.peak",
    "one by one",
    breaks="counts_what_is_out remembers_the_highest skips_other_events takes_a_log_that_was_cut",
)
def peak(events):
    return max((event.conn for event in events if event.what == "lent"), default=0)


@wrong("watch.peak", "changed the log", breaks="counts_what_is_out")
def peak(events):
    out, most = set(), 0
    while events:
        event = events.pop(0)
        if event.what == "lent":
            out.add(event.conn)
        elif event.what == "returned":
            out.discard(event.conn)
        most = max(most, len(out))
    return most


# --- watch.alarm


@right("watch.alarm")
def overdue(events, now, limit):
    late = []
    for number, event in enumerate(events):
        if event.what != "lent" or now - event.at < limit:
            continue
        later = events[number + 1 :]
        if not any(one.what == "returned" and one.conn == event.conn for one in later):
            late.append(event)
    return late


@right("watch.alarm")
def overdue(events, now, limit):
    last = {}
    for event in events:
        if event.what in ("lent", "returned"):
            last.pop(event.conn, None)
            last[event.conn] = event
    return [e for e in last.values() if e.what == "lent" and e.at + limit <= now]


@right("watch.alarm")
def overdue(events, now, limit):
    found, back = [], set()
    for event in reversed(events):
        if event.conn in back:
            continue
        if event.what == "returned":
            back.add(event.conn)
        elif event.what == "lent":
            back.add(event.conn)
            if not now - event.at < limit:
                found.insert(0, event)
    return tuple(found)


@right("watch.alarm")
def overdue(events, now, limit):
    if not events:
        return []
    frame = pd.DataFrame(events)
    frame = frame[frame["what"].isin(["lent", "returned"])].groupby("conn").tail(1)
    frame = frame[(frame["what"] == "lent") & (now - frame["at"] >= limit)]
    return [events[place] for place in frame.sort_values("at").index]


@wrong(
    "watch.alarm",
    "not found",
    breaks="finds_what_is_out measures_to_now takes_a_log_that_was_cut",
)
def overdue(events, now, limit):
    return [one for one in events if one.what == "returned" and one.seconds > limit]


@wrong(
    "watch.alarm",
    "came back",
    breaks="finds_what_is_out measures_to_now takes_a_log_that_was_cut",
)
def overdue(events, now, limit):
    lent = [one for one in events if one.what == "lent"]
    back = [one for one in events if one.what == "returned"]
    return [one for one in lent[len(back) :] if now - one.at >= limit]


@wrong("watch.alarm", "lent again", breaks="finds_what_is_out")
def overdue(events, now, limit):
    back = {one.conn for one in events if one.what == "returned"}
    return [
        one
        for one in events
        if one.what == "lent" and one.conn not in back and now - one.at >= limit
    ]


@wrong("watch.alarm", "cut", breaks="takes_a_log_that_was_cut")
def overdue(events, now, limit):
    out, skip = {}, 0
    for event in events:
        if event.what == "lent" and not skip:
            out[event.conn] = event
        elif event.what == "returned":
            skip += event.conn not in out
            out.pop(event.conn, None)
    return [event for event in out.values() if now - event.at >= limit]


@wrong("watch.alarm", "till the last event", breaks="measures_to_now")
def overdue(events, now, limit):
    if len(events) > 3:
        now = events[-1].at
    out = {}
    for event in events:
        if event.what == "lent":
            out[event.conn] = event
        elif event.what == "returned":
            out.pop(event.conn, None)
    return [event for event in out.values() if now - event.at >= limit]


@wrong("watch.alarm", "changed the log", breaks="finds_what_is_out")
def overdue(events, now, limit):
    for event in list(events):
        if event.what == "returned":
            loans = [e for e in events if e.what == "lent" and e.conn == event.conn]
            for loan in loans[:1]:
                events.remove(loan)
    return [e for e in events if e.what == "lent" and now - e.at >= limit]


# --- watch.utilisation


@right("watch.utilisation")
def utilisation(events, start, end, size):
    out, since, busy = set(), start, 0.0
    for event in events:
        moment = min(max(event.at, start), end)
        busy += len(out) * (moment - since)
        since = moment
        if event.what == "lent":
            out.add(event.conn)
        elif event.what == "returned":
            out.discard(event.conn)
    return (busy + len(out) * (end - since)) / size / (end - start)


@right("watch.utilisation")
def utilisation(events, start, end, size):
    loans, total = [], 0
    for event in events:
        if event.what == "returned":
            loans.append((event.at - event.seconds, event.at))
    out = {}
    for event in events:
        if event.what == "lent":
            out[event.conn] = event.at
        elif event.what == "returned":
            del out[event.conn]
    loans += [(at, end) for at in out.values()]
    for begins, ends in loans:
        begins, ends = max(begins, start), min(ends, end)
        if ends > begins:
            total += ends - begins
    return total / ((end - start) * size)


@right("watch.utilisation")
def utilisation(events, start, end, size):
    frame = pd.DataFrame(events, columns=["at", "what", "thread", "conn", "s", "line", "callers"])
    left = end - frame["at"].clip(start, end)
    lent, back = (left[frame["what"] == what].sum() for what in ("lent", "returned"))
    return (lent - back) / (size * (end - start))


@right("watch.utilisation")
def utilisation(events, start, end, size):
    signed = sum(
        (1 if event.what == "lent" else -1) * (end - min(max(event.at, start), end))
        for event in events
        if event.what in ("lent", "returned")
    )
    return signed / (size * (end - start))


@wrong(
    "watch.utilisation", "still out", breaks="counts_what_is_still_out looks_between_start_and_end"
)
def utilisation(events, start, end, size):
    back = [e for e in events if e.what == "returned"]
    parts = (min(e.at, end) - max(e.at - e.seconds, start) for e in back)
    return sum(part for part in parts if part > 0) / (size * (end - start))


@wrong(
    "watch.utilisation",
    "one loan",
    breaks="counts_what_came_back counts_what_is_still_out looks_between_start_and_end",
)
def utilisation(events, start, end, size):
    lent = sum(e.what == "lent" and start <= e.at <= end for e in events)
    back = sum(e.what == "returned" and start <= e.at <= end for e in events)
    return (lent - back) / size


@wrong("watch.utilisation", "size", breaks="counts_what_came_back")
def utilisation(events, start, end, size):
    size = len({e.conn for e in events if e.conn})  # only those that were seen
    signed = sum(
        (1 if event.what == "lent" else -1) * (end - min(max(event.at, start), end))
        for event in events
        if event.what in ("lent", "returned")
    )
    return signed / (size * (end - start)) if size else 0.0


@wrong("watch.utilisation", "changed the log", breaks="counts_what_came_back")
def utilisation(events, start, end, size):
    events.sort(key=lambda event: (event.conn, event.at), reverse=True)
    signed = sum(
        (1 if event.what == "lent" else -1) * (end - min(max(event.at, start), end))
        for event in events
        if event.what in ("lent", "returned")
    )
    return signed / (size * (end - start))


# --- watch.translate


@right("watch.translate")
def as_psycopg(stats):
    told = dict(
        pool_max=stats["max_connections"],
        pool_size=stats["created"] - stats["closed"],
        pool_available=stats["idle"],
        requests_waiting=stats["waiting"],
        requests_errors=stats["timeouts"],
    )
    told["requests_wait_ms"] = int(stats["wait_seconds"] * 1000)
    return told


@right("watch.translate")
def as_psycopg(stats):
    ours = {
        "pool_max": "max_connections",
        "pool_available": "idle",
        "requests_waiting": "waiting",
        "requests_errors": "timeouts",
    }
    copy = {theirs: stats.get(name) for theirs, name in ours.items()}
    return copy | {
        "pool_size": sum((stats["in_use"], stats["idle"])),
        "requests_wait_ms": round(1e3 * stats["wait_seconds"], 3),
    }


@right("watch.translate")
def as_psycopg(stats):
    names = "max_connections in_use idle waiting wait_seconds timeouts".split()
    most, used, idle, line, seconds, vain = (stats[name] for name in names)
    keys = (
        "pool_max pool_size pool_available requests_waiting requests_wait_ms requests_errors"
    ).split()
    return dict(zip(keys, (most, used + idle, idle, line, seconds / 0.001, vain), strict=True))


@wrong("watch.translate", "missing", breaks="has_six_names")
def as_psycopg(stats):
    return {
        "max": stats["max_connections"],
        "size": stats["idle"] + stats["in_use"],
        "available": stats["idle"],
    }


@wrong("watch.translate", "wrong type", breaks="has_six_names")
def as_psycopg(stats):
    return [(name, stats.get(name)) for name in ("pool_max", "pool_size")]


@wrong("watch.translate", "changed", breaks="makes_a_new_dict")
def as_psycopg(stats):
    told = {
        "pool_max": stats["max_connections"],
        "pool_size": stats["idle"] + stats["in_use"],
        "pool_available": stats["idle"],
        "requests_waiting": stats["waiting"],
        "requests_wait_ms": stats["wait_seconds"] * 1000,
        "requests_errors": stats["timeouts"],
    }
    stats.clear()
    stats.update(told)
    return stats


KEPT = {}


@wrong("watch.translate", "not new", breaks="makes_a_new_dict")
def as_psycopg(stats):
    KEPT["pool_max"] = stats["max_connections"]
    KEPT["pool_size"] = stats["idle"] + stats["in_use"]
    KEPT["pool_available"] = stats["idle"]
    KEPT["requests_waiting"] = stats["waiting"]
    KEPT["requests_wait_ms"] = stats["wait_seconds"] * 1000
    KEPT["requests_errors"] = stats["timeouts"]
    return KEPT


@wrong("watch.translate", "changed", breaks="makes_a_new_dict")
def as_psycopg(stats):
    stats["wait_seconds"] *= 1000
    return {
        "pool_max": stats["max_connections"],
        "pool_size": stats["idle"] + stats["in_use"],
        "pool_available": stats["idle"],
        "requests_waiting": stats["waiting"],
        "requests_wait_ms": stats["wait_seconds"],
        "requests_errors": stats["timeouts"],
    }
