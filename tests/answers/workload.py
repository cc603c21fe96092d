"""Answers to lesson 05: other right designs, and wrong ones that are no edit of ours."""

from contextlib import ExitStack, contextmanager, suppress

from poolkit import PoolTimeout
from tests.answers import equivalent, right, wrong

INSERT = "INSERT INTO events (label) VALUES (?)"

# --- workload.insert


@right("workload.insert")
def insert_labels(conn, labels):
    rows = []
    try:
        for label in labels:
            rows.append({"id": conn.execute(INSERT, [label]).lastrowid, "label": label})
        conn.commit()
    except BaseException:
        conn.rollback()
        raise
    return rows


@right("workload.insert")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            found = conn.execute(INSERT + " RETURNING id, label", (label,)).fetchone()
            rows.append(dict(zip(("id", "label"), found, strict=True)))
    return rows


@right("workload.insert")
def insert_labels(conn, labels):
    labels = list(labels)
    cursor = conn.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    ids = []
    try:
        for label in labels:
            cursor.execute("INSERT INTO events (label) VALUES (:label)", {"label": label})
            ids.append(cursor.lastrowid)
    except Exception:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")
    return [{"id": id, "label": label} for id, label in zip(ids, labels, strict=True)]


@right("workload.insert")
def insert_labels(conn, labels):
    with conn:
        conn.execute("BEGIN IMMEDIATE")
        last = conn.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
        conn.executemany(INSERT, ((label,) for label in labels))
        rows = conn.execute("SELECT id, label FROM events WHERE id > ? ORDER BY id", (last,))
        return [{"id": id, "label": label} for id, label in rows.fetchall()]


@right("workload.insert")
def insert_labels(conn, labels):
    labels = list(labels)
    if None in labels:
        raise TypeError("a label is text")
    with conn:
        conn.executemany(INSERT, ((label,) for label in labels))
        last = conn.execute("SELECT last_insert_rowid()").fetchone()[0]
    return [{"id": last - len(labels) + n, "label": one} for n, one in enumerate(labels, 1)]


@right("workload.insert")
def insert_labels(conn, labels):
    conn.execute("SAVEPOINT labels")
    try:
        ids = [(conn.execute(INSERT, (label,)).lastrowid, label) for label in labels]
    except BaseException:
        conn.execute("ROLLBACK TO labels")
        conn.execute("RELEASE labels")
        raise
    conn.execute("RELEASE labels")
    return [{"id": id, "label": label} for id, label in ids]


@right("workload.insert")
def insert_labels(conn, labels):
    def insert(label):
        return {"label": label, "id": conn.execute(INSERT, (label,)).lastrowid}

    with conn:
        return list(map(insert, labels))


@right("workload.insert")
def insert_labels(conn, labels):
    done = False
    rows = []
    cursor = conn.cursor()
    try:
        for label in labels:
            cursor.execute(INSERT, (label,))
            rows += [{"id": cursor.lastrowid, "label": label}]
        done = True
    finally:
        if done:
            conn.commit()
        else:
            conn.rollback()
        cursor.close()
    return rows


@wrong(
    "workload.insert",
    "wrong rows",
    breaks="returns_what_it_inserted leaves_out_the_neighbours_row",
)
def insert_labels(conn, labels):
    labels = list(labels)
    before = conn.execute("SELECT count(*) FROM events").fetchone()[0]
    with conn:
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany(INSERT, ((label,) for label in labels))
    return [{"id": before + place, "label": label} for place, label in enumerate(labels, 1)]


@wrong(
    "workload.insert",
    "wrong rows",
    breaks="returns_what_it_inserted",
    unjudged="leaves_out_the_neighbours_row",
)
def insert_labels(conn, labels):
    with conn:
        return [{"id": conn.execute(INSERT, (one,)).arraysize, "label": one} for one in labels]


@wrong("workload.insert", "took the neighbour's", breaks="leaves_out_the_neighbours_row")
def insert_labels(conn, labels):
    labels = list(labels)
    with conn:
        conn.executemany(INSERT, ((label,) for label in labels))
    last = conn.execute("SELECT max(id) FROM events").fetchone()[0] or 0
    return [{"id": last - len(labels) + n, "label": one} for n, one in enumerate(labels, 1)]


@wrong("workload.insert", "changed the error", breaks="rolls_back_when_the_labels_fail")
def insert_labels(conn, labels):
    try:
        labels = list(labels)
    except OSError as error:
        raise ValueError("no labels") from error
    with conn:
        return [{"id": conn.execute(INSERT, (one,)).lastrowid, "label": one} for one in labels]


@wrong("workload.insert", "another history")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            rows.append({"id": conn.execute(INSERT, (label,)).lastrowid, "label": label})
            if len(rows) % 500 == 0:
                conn.commit()
    return rows


@wrong("workload.insert", "another history")
def insert_labels(conn, labels, rows=[]):  # noqa: B006
    rows.clear()
    with conn:
        for label in labels:
            rows.append({"id": conn.execute(INSERT, (label,)).lastrowid, "label": label})
    return rows


@wrong("workload.insert", "another history")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            with suppress(UnicodeError):
                rows.append({"id": conn.execute(INSERT, (label,)).lastrowid, "label": label})
    return rows


@wrong("workload.insert", "another history")
def insert_labels(conn, labels):
    rows = []
    with suppress(GeneratorExit), conn:
        for label in labels:
            rows.append({"id": conn.execute(INSERT, (label,)).lastrowid, "label": label})
    return rows


# --- workload.finally


@right("workload.finally")
def borrow_for(pool, work):
    with pool.connection() as conn:
        return work(conn)


@right("workload.finally")
def borrow_for(pool, work):
    @contextmanager
    def lent():
        conn = pool.acquire()
        try:
            yield conn
        finally:
            pool.release(conn)

    with lent() as conn:
        result = work(conn)
    return result


@right("workload.finally")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        result = work(conn)
    except BaseException:
        pool.release(conn)
        raise
    pool.release(conn)
    return result


@right("workload.finally")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        with conn:
            return work(conn)
    finally:
        pool.release(conn)


@right("workload.finally")
def borrow_for(pool, work):
    with ExitStack() as stack:
        conn = pool.acquire()
        stack.callback(pool.release, conn)
        return work(conn)


@right("workload.finally")
def borrow_for(pool, work):
    class Borrowed:
        def __enter__(self):
            self.conn = pool.acquire()
            return self.conn

        def __exit__(self, *how):
            pool.release(self.conn)

    with Borrowed() as conn:
        return work(conn)


@right("workload.finally")
def borrow_for(pool, work):
    conn = pool.acquire()
    error = result = None
    try:
        result = work(conn)
    except BaseException as caught:
        error = caught
    pool.release(conn)
    if error is not None:
        raise error
    return result


@wrong("workload.finally", "waits for ever", breaks="lets_the_pool_refuse")
def borrow_for(pool, work):
    conn = pool.acquire(timeout=None)
    try:
        return work(conn)
    finally:
        pool.release(conn)


@wrong("workload.finally", "gave back a closed one", breaks="gives_back")
def borrow_for(pool, work):
    with pool, pool.connection() as conn:
        return work(conn)


@wrong("workload.finally", "result lost", breaks="hands_over_and_returns gives_back")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        yield work(conn)
    finally:
        pool.release(conn)


@wrong("workload.finally", "another history")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        result = work(conn)
    except (Exception, KeyboardInterrupt):
        pool.release(conn)
        raise
    pool.release(conn)
    return result


@wrong("workload.finally", "another history")
def borrow_for(pool, work):
    borrow_for.conn = pool.acquire()
    try:
        return work(borrow_for.conn)
    finally:
        pool.release(borrow_for.conn)


@wrong("workload.finally", "another history")
def borrow_for(pool, work):
    try:
        with pool.connection() as conn:
            return work(conn)
    except PoolTimeout as error:
        raise PoolTimeout("no connection for the work") from error


# --- workload.test

equivalent(
    "workload.test",
    "except Exception: | without `pass`",
    "what stands in the place of `pass` is another",
)


@right("workload.test")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        try:
            pool.release(pool.acquire(timeout=0))
        except PoolTimeout:
            raise AssertionError("nothing to lend any more") from None


@right("workload.test")
def finds_leaks(store, pool):
    store(pool, ["login"])
    assert pool.stats()["in_use"] == 0
    try:
        store(pool, [None])
    except Exception:
        assert pool.stats()["idle"] == 1


@right("workload.test")
def finds_leaks(store, pool):
    before = pool.stats()["in_use"]
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception as error:
            print(error)
        finally:
            after = pool.stats()["in_use"]
        assert before == after, f"{after - before} connection is missing"


@right("workload.test")
def finds_leaks(store, pool):
    with suppress(Exception):
        store(pool, [None])
    with suppress(Exception):
        store(pool, ["login"])
    assert not pool.stats()["in_use"]


@right("workload.test")
def finds_leaks(store, pool):
    class Watched:
        def __init__(self):
            self.lent = []

        def acquire(self, *args, **kwargs):
            self.lent.append(pool.acquire(*args, **kwargs))
            return self.lent[-1]

        def release(self, conn):
            self.lent.remove(conn)
            pool.release(conn)

    for labels in (["login"], [None]):
        watched = Watched()
        try:
            store(watched, labels)
        except Exception:
            pass
        assert not watched.lent


@wrong("workload.test", "another history")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except AssertionError:
            raise
        except Exception:
            pass
        assert pool.stats()["in_use"] == 0


@wrong("workload.test", "another history")
def finds_leaks(store, pool):
    with pool:
        for labels in (["login"], [None]):
            with suppress(Exception):
                store(pool, labels)
            assert pool.stats()["in_use"] == 0


@wrong("workload.test", "another history")
def finds_leaks(store, pool):
    rows = store(pool, ["login"])
    assert pool.stats()["in_use"] == 0
    assert rows, "nothing was stored"
    with suppress(Exception):
        store(pool, [None])
    assert pool.stats()["in_use"] == 0
