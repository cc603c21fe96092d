"""The ten stages of the learner's own pool: titles, hints, and what `solution` shows of each."""

from poolkit.course.staging import Stage

stages = (
    Stage(
        "capstone.lends",
        "lends and reuses",
        (
            "Leave threads, time and errors for later. Where is a connection while nobody has it, and where do you note that somebody has? Both questions of this stage that are easily forgotten, a stranger and a second return, are answered by the note.",
            "Keep a list of what is idle and a dict of what is lent, by `id(conn)`. `acquire` takes from the list or calls `connect()`, and notes the loan. `release` looks it up first: what is not noted is refused with an error, before anything changes.",
            'Two methods, with blanks.\n\ndef acquire(self):\n    conn = self._idle.pop() if self._idle else ____\n    self._lent[id(conn)] = ____\n    return conn\n\ndef release(self, conn):\n    if self._lent.pop(____, None) is None:\n        raise ValueError("not lent by this pool")\n    self._idle.append(conn)',
        ),
        ("__init__", "_start_empty", "acquire", "_make_ready", "release", "_put_back"),
    ),
    Stage(
        "capstone.waits",
        "caps and waits",
        (
            "Count places, not idle connections: a place is taken while its connection is idle, lent, or still being opened. Who finds no place and nothing idle has to sleep until somebody comes back or the time is up.",
            "From here on every look and every change happens under one lock, made in `__init__`. Give each who waits a bell of their own, put it into a line, and sleep on it outside the lock, with the time-out. `release` rings the first bell of the line. None as a time-out sleeps without an end; 0 does not sleep.",
            "The waiting half of `acquire`, with blanks. A lock that is held from the start makes a bell: whoever acquires it again sleeps until it is released.\n\nbell = threading.Lock()\nbell.acquire()\nwith self._lock:\n    if ____:  # something idle, or a place free: take it\n        ...\n    else:\n        self._line.append(bell)\nif not bell.acquire(timeout=-1 if self._timeout is None else ____):\n    ...  # time is up: leave the line, then\n    raise TimeoutError",
        ),
        ("__init__", "_start_empty", "acquire", "_leave", "_put_back"),
    ),
    Stage(
        "capstone.order",
        "order",
        (
            "If what comes back goes to the shelf and a bell is rung, whoever asks next takes it before the sleeper gets going. Where must it go instead?",
            "Hand it over: `release` takes the first of the line and puts the connection, or the free place, into that waiter's own hand before it rings. Nobody else can see it there. On the shelf it goes only if nobody waits; and who comes anew takes from the shelf only what nobody was waiting for.",
            "The giving half, under the lock, with blanks.\n\nif self._line:\n    bell = self._line.popleft()\n    self._gifts[____] = conn\n    ____\nelse:\n    self._idle.append(conn)",
        ),
        ("acquire", "_leave", "_put_back"),
    ),
    Stage(
        "capstone.failures",
        "failures",
        (
            "Ask of each line that can raise, or take long: which place do I hold at this moment, and who gets it if this line fails? And who stands outside if I hold the lock here?",
            "Take the place under the lock, let go of the lock, then connect, check, roll back or close. A place whose connection came to nothing is given back as an empty place, to the first in the line if there is one: whoever gets an empty place connects anew. A check that fails closes the connection, keeps the place and connects. Let a `close()` that fails stop nothing.",
            "What follows when a place is in your hand, with blanks.\n\ntry:\n    if place.conn is None or not self._works(place.conn):\n        self._shut(place)  # close(), errors put up with; place.conn is None then\n        place.conn = ____\nexcept BaseException:\n    ____  # the empty place goes to the next\n    raise",
        ),
        ("acquire", "_make_ready", "_works", "release", "_put_back", "_shut"),
    ),
    Stage(
        "capstone.leftovers",
        "what a loan leaves behind",
        (
            "The next borrower must not be able to tell that there was one before. What can be open on a connection that comes back? And who commits, if the borrower of a block does not?",
            "`release` calls `rollback()` before anybody else can have the connection; one whose rollback fails is not lent again. `connection` is a generator under `contextlib.contextmanager`: acquire, `yield`, commit if the block ended well, and in `finally` release, which rolls back what was not committed.",
            "The block, with blanks.\n\n@contextmanager\ndef connection(self):\n    conn = self.acquire()\n    try:\n        yield conn\n        ____\n    finally:\n        ____",
        ),
        ("release", "connection"),
    ),
    Stage(
        "capstone.threads",
        "threads",
        (
            "The story names the line where one thread stood while another ran. What did the first one know at that line that was no longer so when it went on?",
            "A look and the step that rests on it belong under one hold of the lock: look for an idle one and take it, find none and join the line, time is up and leave the line. After a time-out look once more, under the lock, whether something was put into your hand: then it is yours, however late.",
            "The end of a wait, with blanks.\n\ndef _leave(self, bell):\n    with self._lock:\n        if bell in self._line:\n            ____\n        return self._gifts.pop(bell, ____)",
        ),
        ("acquire", "_leave", "_put_back"),
    ),
    Stage(
        "capstone.interrupts",
        "interrupts",
        (
            "Ctrl-C is an exception that can come out of any line, and so can other things that are no `Exception`. It is a failure like those before, only that `except Exception` lets it pass by.",
            "Whatever is in your hand when it comes has to go back: `except BaseException`, give the place on, `raise`. Who is interrupted in the wait leaves the line as at a time-out, and passes on what was put into the hand meanwhile. In `release`, a `finally` makes sure that the place gets back; the connection is then not to be trusted.",
            "Around all that `acquire` does once it has begun, with blanks.\n\nplace = None\ntry:\n    ...\nexcept BaseException:\n    place = place or ____  # what was handed over in the meantime\n    if place:\n        ____\n    raise",
        ),
        ("acquire", "_leave", "release", "_put_back"),
    ),
    Stage(
        "capstone.fork",
        "fork",
        (
            "After a fork there are two processes and one set of connections. Two who talk on one line at once break it, and SQLite even forgets its locks when the child closes its copy of the file. Also a lock that a thread held in that moment stays held in the child for ever.",
            "`os.register_at_fork(before=…, after_in_child=…)` calls you. Before a fork close what is idle. In the child make the lock, the line and the shelf anew, and touch no connection of the parent; if some were lent at the fork, let the child's pool refuse from then on. Keep the pools in a `weakref.WeakSet`, so that one function can find them all.",
            'At the end of the file, with blanks.\n\n_pools = weakref.WeakSet()  # above the class; `_pools.add(self)` in __init__\n\nif hasattr(os, "register_at_fork"):\n    os.register_at_fork(\n        before=lambda: [pool.____ for pool in _pools],\n        after_in_child=lambda: [pool.____ for pool in _pools],\n    )',
        ),
        ("__init__", "_start_empty", "_shut_idle", "_in_child", ""),
    ),
    Stage(
        "capstone.end",
        "end",
        (
            "A connection can be in three spots when the pool is closed: idle, lent, or in somebody's hands on its way. Each comes to its end at another time. And two kinds of callers must hear of it: who waits, and who comes later.",
            "Set a flag first. Then ring for all who wait, with nothing in their hands, and close what is idle, outside the lock, one failure stopping none of the others. Whatever reaches the shelf later looks at the flag after it has been laid down, and is closed; a connection that is ready to be lent looks at it under the lock.",
            "The whole of it, with blanks.\n\ndef close_all(self):\n    self._closed = True\n    with self._lock:\n        while self._line:\n            ____  # wakes one, who finds nothing in the hand\n    self._shut_idle()\n\ndef _shut_idle(self):\n    with self._lock:\n        idle, self._idle = ____, ____\n    for conn in idle:\n        ...  # close() inside a try: the next one's turn comes in any case",
        ),
        ("_check_open", "_make_ready", "_put_back", "_shut", "_shut_idle", "close_all"),
    ),
    Stage(
        "capstone.numbers",
        "numbers that add up",
        (
            "Do not keep counters beside the truth: each of the three numbers can be read off what you have anyway.",
            "Read all three under one hold of the lock. Idle are the connections on the shelf, not empty places; waiting is the length of the line; in use is what was lent and has not come back. Look at what a failed connect and a second return leave behind in them.",
            'The whole, with blanks.\n\ndef stats(self):\n    with self._lock:\n        return {"idle": ____, "in_use": ____, "waiting": len(self._line)}',
        ),
        ("stats",),
    ),
)
