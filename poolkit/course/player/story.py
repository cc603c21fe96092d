"""Telling what a play came to: in a sentence that names lines, and in a table of who ran which."""

from dataclasses import dataclass, field

from poolkit.course.player.search import Found
from poolkit.course.player.stage import Blocked, Verdict

WIDTH = 96  # characters of a table row
ROWS = 60  # rows of a table
_UNSEEN = (
    "The player cannot play this: {}. Locks belong in __init__, where each pool makes its own, "
    "and threads belong to the scene."
)
_STRANGE = "{} stands still at {}, in code of {}, which the player does not follow."
_STUCK = (
    "{} stands still at {}, in something the player can neither see nor stop. A lock made at the "
    "top of the file or in the class body does that: locks belong in __init__."
)


@dataclass
class Segment:
    """What one worker did between two switches."""

    name: str
    notes: list[str] = field(default_factory=list)
    end: tuple = ()


def kind_and_key(verdict: Verdict | None, spots) -> tuple[str, str]:
    """Sort the verdict: which kind it is, and the short key that a claim can assert with."""
    if verdict is None:
        return "ok", ""
    error = verdict.error
    if verdict.kind != "raised":
        return verdict.kind, verdict.kind
    if isinstance(error, AssertionError) and not _is_own(error, spots):
        return "claim", str(error).split("\n")[0]
    return "raised", type(error).__name__


def _is_own(error: BaseException, spots) -> bool:
    """True if the code under test raised the error itself, and not what called it."""
    trace, own = error.__traceback__, False
    while trace is not None:
        own = trace.tb_frame.f_code in spots
        trace = trace.tb_next
    return own


def line_of(verdict: Verdict | None, spots):
    """The line of the code under test at which it ended."""
    if verdict is None:
        return None
    trace, place = getattr(verdict.error, "__traceback__", None), None
    while trace is not None:
        code = trace.tb_frame.f_code
        if code in spots:
            place = spots[code][trace.tb_lasti // 2][1]
        trace = trace.tb_next
    return place or (None if verdict.error else verdict.place)


def tell(found: Found, spots) -> str:
    """The whole story in a sentence or two; no numbers of steps or plays in it."""
    verdict = found.verdict
    if verdict is None:
        return _it_held(found)
    if verdict.kind == "unseen":
        return _UNSEEN.format(verdict.text)
    if verdict.kind == "stuck" and verdict.text:
        return _STRANGE.format(verdict.who, verdict.place or "a line of its own", verdict.text)
    if verdict.kind == "stuck":
        return _STUCK.format(verdict.who, verdict.place or "a line of its own")
    outcome = _outcome(verdict, found.stage, spots)
    if verdict.who == "setup":
        return f"making the pool: {outcome}"
    segments = _segments(found.stage.log or [])
    parts = _sentences(segments, verdict)
    if not parts:
        return outcome
    return f"{', '.join(parts)}: {outcome}"


def _it_held(found: Found) -> str:
    if not found.complete:
        return "It held in every schedule that was played; there are more."
    if found.preemptions is None:
        return "It held in the schedule that was played."
    words = ("no forced switch", "at most one forced switch", "at most two forced switches")
    some = dict(enumerate(words)).get(
        found.preemptions, f"at most {found.preemptions} forced switches"
    )
    return f"It held in every schedule with {some}."


def _outcome(verdict: Verdict, stage, spots) -> str:
    kind, key = kind_and_key(verdict, spots)
    place = line_of(verdict, spots)
    at = f" at {place}" if place else ""
    if kind == "deadlock":
        held = any(blocked.holder for blocked in stage.blocked)
        waits = ("; " if held else ", ").join(_waiter(blocked) for blocked in stage.blocked)
        return f"nobody can go on ({waits})"
    if kind == "endless":
        return f"{verdict.who} goes round and round{at} instead of waiting to be woken"
    return key if kind == "claim" else key + at


def _waiter(blocked: Blocked) -> str:
    name, place, holder = blocked
    waits = f"{name} waits for ever" + (f" at {place}" if place else "")
    if not holder:
        return waits
    if holder == "setup" != name:
        return f"{waits}, the lock has been held since set-up"
    return f"{waits}, the lock is held by {holder}" + (" already" if holder == name else "")


def _segments(log: list[tuple]) -> list[Segment]:
    """Cut the record into what each worker did in one go."""
    segments: list[Segment] = []
    for what, name, *rest in log:
        if not segments or segments[-1].name != name:
            segments.append(Segment(name))
        segment = segments[-1]
        if what == "note":
            segment.notes.append(rest[0])
        elif what == "time" and rest[0] is not None:
            segment.notes.append("waited in vain")
        elif what in ("pause", "wait", "done"):
            segment.end = (what, *rest)
    return segments


def _sentences(segments: list[Segment], verdict: Verdict) -> list[str]:
    if len(segments) > 9:
        segments = [*segments[:4], Segment("…"), *segments[-4:]]
    begun: set[str] = set()
    parts = []
    for index, segment in enumerate(segments):
        closing = index == len(segments) - 1 and segment.name == verdict.who
        parts.append(_sentence(segment, segment.name in begun, verdict.kind if closing else ""))
        begun.add(segment.name)
    if verdict.kind == "deadlock":  # the end says where they wait
        parts = [
            part.split(" waits at ")[0] + " waits" if " waits at " in part else part
            for part in parts
        ]
    return [part for part in parts if part]


def _sentence(segment: Segment, again: bool, closing: str) -> str:
    """One worker's turn in words; `closing` is the kind of the verdict if it fell in this turn."""
    name, did = segment.name, " and ".join(segment.notes)
    what, *rest = segment.end or ("",)
    if closing:
        if did:
            return f"{name} {did}"
        return "" if closing in ("endless", "deadlock") else f"{name} went on" if again else name
    if what == "pause":
        did = f"{did} and " if did else ""
        return f"{name} {did}paused {_whereabouts(*rest)}"
    if what == "wait":
        place, lock, _deadline = rest
        waits = ("waits" if lock is not None else "sleeps") + (f" at {place}" if place else "")
        return f"{name} {did} and {waits}" if did else f"{name} {waits}"
    if did or name == "…":
        return f"{name} {did}".strip()
    return f"{name} ran to the end"


def _whereabouts(place, fresh: bool) -> str:
    if place is None:
        return "before its first line"
    return f"after {place}" if fresh else f"in the middle of {place}"


def remark(found: Found) -> str:
    """What the locks of the schedule say, where they say something."""
    stage = found.stage
    if found.verdict is None or stage is None or not stage.log:
        return ""
    if found.verdict.kind not in ("raised",):
        return ""
    for name, lock in stage.held:
        if lock.takers != {name}:
            continue
        if lock.maker.name != name:
            return f"{name} held a lock there, and nobody else asked for it."
        makers = [one.maker.name for one in stage.locks if one.maker.name in stage.names]
        others = [maker for maker in makers if maker != name]
        then = f"{others[0]} made another" if others else "nobody else asked for it"
        return f"{name} held a lock that {name} had made, and {then}."
    return ""


def table(found: Found) -> str:
    """Who ran which line, in order: a column for each worker."""
    if found.stage is None or not found.stage.log:
        return ""
    names = found.stage.names
    width = (WIDTH - 2 * (len(names) - 1)) // len(names)
    rows = [(name, cell) for event in found.stage.log for name, cell in _cells(event)]
    kind, key = kind_and_key(found.verdict, found.stage.spots)
    if kind in ("claim", "raised") and found.verdict.who in names:
        rows.append((found.verdict.who, f"… {key}"))
    if len(rows) > ROWS:
        rows = [*rows[: ROWS - 20], (names[0], "…"), *rows[-19:]]
    widths = [max([len(name), *(len(c) for n, c in rows if n == name)]) for name in names]
    widths = [min(wide, width) for wide in widths]
    lines = ["  ".join(name.ljust(wide) for name, wide in zip(names, widths, strict=True))]
    lines.append("  ".join("-" * wide for wide in widths))
    for who, cell in rows:
        cells = [
            _cut(cell if name == who else "", w) for name, w in zip(names, widths, strict=True)
        ]
        lines.append("  ".join(cells))
    return "\n".join(line.rstrip() for line in lines)


def _cut(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def _cells(event: tuple):
    what, name, *rest = event
    if what == "line":
        place = rest[0]
        yield name, f"(end of) {place.text}" if place.leaving else place.text
    elif what == "note":
        yield name, f"# {rest[0]}"
    elif what == "pause":
        yield name, "… paused" if rest[1] else "… paused in the middle"
    elif what == "wait":
        yield name, "… waits" if rest[1] is not None else "… sleeps"
    elif what == "time" and rest[0] is not None:
        yield name, "… waited in vain"
    elif what == "done":
        yield name, "… done"
