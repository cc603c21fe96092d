"""Answers to lesson 05, right and wrong."""

import sqlite3
from contextlib import closing, contextmanager

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


@wrong(
    "workload.insert",
    "not committed",
    breaks="stores_each_label takes_any_text all_or_none rolls_back_when_the_labels_fail "
    "goes_through_once",
)
def insert_labels(conn, labels):
    rows = []
    for label in labels:
        cursor = conn.execute(INSERT, (label,))
        rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "not stored", breaks="stores_each_label")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in dict.fromkeys(labels):
            cursor = conn.execute(INSERT, (label,))
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "no tuple", breaks="stores_each_label takes_any_text")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            cursor = conn.execute(INSERT, label)
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "generator", breaks="stores_each_label takes_any_text all_or_none")
def insert_labels(conn, labels):
    with conn:
        for label in labels:
            yield {"id": conn.execute(INSERT, (label,)).lastrowid, "label": label}


@wrong("workload.insert", "closed it", breaks="stores_each_label")
def insert_labels(conn, labels):
    rows = []
    with closing(conn), conn:
        for label in labels:
            cursor = conn.execute(INSERT, (label,))
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "pasted", breaks="takes_any_text all_or_none")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            cursor = conn.execute(f"INSERT INTO events (label) VALUES ('{label}')")
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "pasted", breaks="takes_any_text all_or_none")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            label = str(label).replace("'", "''")
            cursor = conn.execute(f"INSERT INTO events (label) VALUES ('{label}')")
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "left open", breaks="all_or_none rolls_back_when_the_labels_fail")
def insert_labels(conn, labels):
    rows = []
    for label in labels:
        cursor = conn.execute(INSERT, (label,))
        rows.append({"id": cursor.lastrowid, "label": label})
    conn.commit()
    return rows


@wrong("workload.insert", "half stays", breaks="all_or_none")
def insert_labels(conn, labels):
    rows = []
    for label in labels:
        with conn:
            cursor = conn.execute(INSERT, (label,))
        rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "half stays", breaks="all_or_none")
def insert_labels(conn, labels):
    rows = []
    try:
        for label in labels:
            cursor = conn.execute(INSERT, (label,))
            rows.append({"id": cursor.lastrowid, "label": label})
    finally:
        conn.commit()
    return rows


@wrong("workload.insert", "swallowed", breaks="all_or_none")
def insert_labels(conn, labels):
    rows = []
    try:
        with conn:
            for label in labels:
                cursor = conn.execute(INSERT, (label,))
                rows.append({"id": cursor.lastrowid, "label": label})
    except sqlite3.IntegrityError:
        return []
    return rows


@wrong(
    "workload.insert",
    "found, not inserted",
    breaks="returns_what_it_inserted leaves_out_the_neighbours_row",
)
def insert_labels(conn, labels):
    with conn:
        for label in labels:
            conn.execute(INSERT, (label,))
    rows = conn.execute("SELECT id, label FROM events ORDER BY id").fetchall()
    return [{"id": row[0], "label": row[1]} for row in rows]


@wrong(
    "workload.insert", "wrong rows", breaks="returns_what_it_inserted leaves_out_the_neighbours_row"
)
def insert_labels(conn, labels):
    rows = []
    with conn:
        for number, label in enumerate(labels, 1):
            conn.execute(INSERT, (label,))
            rows.append({"id": number, "label": label})
    return rows


@wrong("workload.insert", "other shape", breaks="returns_what_it_inserted")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            rows.append((conn.execute(INSERT, (label,)).lastrowid, label))
    return rows


@wrong("workload.insert", "wrong type", breaks="returns_what_it_inserted")
def insert_labels(conn, labels):
    with conn:
        conn.executemany(INSERT, [(label,) for label in labels])


@wrong(
    "workload.insert",
    "gone through twice",
    breaks="goes_through_once leaves_out_the_neighbours_row",
)
def insert_labels(conn, labels):
    with conn:
        ids = [conn.execute(INSERT, (label,)).lastrowid for label in labels]
    return [{"id": id, "label": label} for id, label in zip(ids, labels, strict=False)]


@wrong("workload.insert", "raised TypeError", breaks="rolls_back_when_the_labels_fail")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for index in range(len(labels)):
            cursor = conn.execute(INSERT, (labels[index],))
            rows.append({"id": cursor.lastrowid, "label": labels[index]})
    return rows


@wrong("workload.insert", "took the neighbour's", breaks="leaves_out_the_neighbours_row")
def insert_labels(conn, labels):
    last = conn.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
    with conn:
        conn.executemany(INSERT, ((label,) for label in labels))
    rows = conn.execute("SELECT id, label FROM events WHERE id > ? ORDER BY id", (last,))
    return [{"id": id, "label": label} for id, label in rows.fetchall()]


@wrong(
    "workload.insert", "wrong rows", breaks="returns_what_it_inserted leaves_out_the_neighbours_row"
)
def insert_labels(conn, labels):
    labels = list(labels)
    before = conn.execute("SELECT count(*) FROM events").fetchone()[0]
    with conn:
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany(INSERT, ((label,) for label in labels))
    return [{"id": before + place, "label": label} for place, label in enumerate(labels, 1)]


@wrong("workload.insert", "wrong rows", breaks="returns_what_it_inserted")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            conn.execute(INSERT, (label,))
            found = conn.execute("SELECT id FROM events WHERE label = ?", (label,)).fetchone()
            rows.append({"id": found[0], "label": label})
    return rows


@wrong("workload.insert", "took the neighbour's", breaks="leaves_out_the_neighbours_row")
def insert_labels(conn, labels):
    labels = list(labels)
    last = conn.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
    with conn:
        conn.executemany(INSERT, ((label,) for label in labels))
    rows = conn.execute("SELECT id, label FROM events WHERE id > ? ORDER BY id", (last,))
    return [{"id": id, "label": label} for id, label in rows.fetchall()]


@wrong("workload.insert", "took the neighbour's", breaks="leaves_out_the_neighbours_row")
def insert_labels(conn, labels):
    labels = list(labels)
    with conn:
        conn.executemany(INSERT, ((label,) for label in labels))
    last = conn.execute("SELECT max(id) FROM events").fetchone()[0] or 0
    return [{"id": last - len(labels) + n, "label": one} for n, one in enumerate(labels, 1)]


@wrong("workload.insert", "draft left open", breaks="rolls_back_when_the_labels_fail")
def insert_labels(conn, labels):
    rows = []
    try:
        for label in labels:
            cursor = conn.execute(INSERT, (label,))
            rows.append({"id": cursor.lastrowid, "label": label})
        conn.commit()
    except sqlite3.Error:
        conn.rollback()
        raise
    return rows


@wrong("workload.insert", "half stays", breaks="rolls_back_when_the_labels_fail")
def insert_labels(conn, labels):
    rows = []
    try:
        for label in labels:
            cursor = conn.execute(INSERT, (label,))
            rows.append({"id": cursor.lastrowid, "label": label})
    except sqlite3.Error:
        conn.rollback()
        raise
    finally:
        conn.commit()
    return rows


@wrong("workload.insert", "changed the error", breaks="all_or_none")
def insert_labels(conn, labels):
    rows = []
    try:
        with conn:
            for label in labels:
                cursor = conn.execute(INSERT, (label,))
                rows.append({"id": cursor.lastrowid, "label": label})
    except Exception as error:
        raise RuntimeError("a label was refused") from error
    return rows


@wrong("workload.insert", "changed the error", breaks="rolls_back_when_the_labels_fail")
def insert_labels(conn, labels):
    rows = []
    try:
        with conn:
            for label in labels:
                cursor = conn.execute(INSERT, (label,))
                rows.append({"id": cursor.lastrowid, "label": label})
    except OSError as error:
        raise ValueError("no labels") from error
    return rows


@wrong("workload.insert", "swallowed", breaks="rolls_back_when_the_labels_fail")
def insert_labels(conn, labels):
    rows = []
    try:
        with conn:
            for label in labels:
                cursor = conn.execute(INSERT, (label,))
                rows.append({"id": cursor.lastrowid, "label": label})
    except OSError:
        return []
    return rows


@wrong("workload.insert", "altered", breaks="takes_any_text")
def insert_labels(conn, labels):
    rows = []
    with conn:
        for label in labels:
            cursor = conn.execute(INSERT, (label and label.strip(),))
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


@wrong("workload.insert", "half seen", breaks="all_or_none")
def insert_labels(conn, labels):
    rows = []
    try:
        for label in labels:
            cursor = conn.execute(INSERT, (label,))
            conn.commit()
            rows.append({"id": cursor.lastrowid, "label": label})
    except BaseException:
        conn.executemany("DELETE FROM events WHERE id = ?", [(row["id"],) for row in rows])
        conn.commit()
        raise
    return rows


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


@wrong(
    "workload.finally",
    "never given back",
    breaks="gives_back gives_back_after_an_error gives_back_when_interrupted",
)
def borrow_for(pool, work):
    conn = pool.acquire()
    return work(conn)
    pool.release(conn)


@wrong(
    "workload.finally",
    "leaks on error",
    breaks="gives_back_after_an_error gives_back_when_interrupted",
)
def borrow_for(pool, work):
    conn = pool.acquire()
    result = work(conn)
    pool.release(conn)
    return result


@wrong("workload.finally", "leaks on Ctrl-C", breaks="gives_back_when_interrupted")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        result = work(conn)
    except Exception:
        pool.release(conn)
        raise
    pool.release(conn)
    return result


@wrong("workload.finally", "swallowed", breaks="lets_errors_through")
def borrow_for(pool, work):
    result = None
    conn = pool.acquire()
    try:
        result = work(conn)
    finally:
        pool.release(conn)
        return result  # noqa: B012


@wrong("workload.finally", "changed the error", breaks="lets_errors_through")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        return work(conn)
    except Exception as error:
        raise RuntimeError("the work failed") from error
    finally:
        pool.release(conn)


@wrong("workload.finally", "result lost", breaks="hands_over_and_returns")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        work(conn)
    finally:
        pool.release(conn)


@wrong("workload.finally", "too early", breaks="gives_back")
def borrow_for(pool, work):
    conn = pool.acquire()
    pool.release(conn)
    return work(conn)


@wrong("workload.finally", "hides PoolTimeout", breaks="lets_the_pool_refuse")
def borrow_for(pool, work):
    try:
        conn = pool.acquire()
        return work(conn)
    finally:
        pool.release(conn)


@wrong("workload.finally", "raised ValueError", breaks="hands_over_and_returns")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        result = work(conn)
        pool.release(conn)
        return result
    finally:
        pool.release(conn)


@wrong("workload.finally", "gave back a closed one", breaks="gives_back")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        return work(conn)
    finally:
        conn.close()
        pool.release(conn)


@wrong("workload.finally", "gave back a closed one", breaks="gives_back")
def borrow_for(pool, work):
    with pool, pool.connection() as conn:
        return work(conn)


@wrong("workload.finally", "not called once", breaks="gives_back")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        work(conn)
        return work(conn)
    finally:
        pool.release(conn)


@wrong("workload.finally", "not called once", breaks="gives_back_after_an_error")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        try:
            return work(conn)
        except sqlite3.Error:
            return work(conn)
    finally:
        pool.release(conn)


@wrong("workload.finally", "commits a half", breaks="gives_back_after_an_error")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        return work(conn)
    finally:
        conn.commit()
        pool.release(conn)


@wrong("workload.finally", "no PoolTimeout", breaks="lets_the_pool_refuse")
def borrow_for(pool, work):
    try:
        conn = pool.acquire()
    except PoolTimeout:
        return None
    try:
        return work(conn)
    finally:
        pool.release(conn)


@right("workload.finally")
def borrow_for(pool, work):
    conn = pool.acquire()
    try:
        with conn:
            return work(conn)
    finally:
        pool.release(conn)


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


@wrong("workload.test", "misses the error", breaks="fails_a_leak_on_error")
def finds_leaks(store, pool):
    store(pool, ["login"])
    assert pool.stats()["in_use"] == 0


@wrong("workload.test", "misses the good end", breaks="fails_a_leak_on_success")
def finds_leaks(store, pool):
    try:
        store(pool, [None])
    except Exception:
        pass
    assert pool.stats()["in_use"] == 0


@wrong("workload.test", "not caught", breaks="passes_a_good_store fails_a_leak_on_error")
def finds_leaks(store, pool):
    store(pool, ["login"])
    assert pool.stats()["in_use"] == 0
    store(pool, [None])
    assert pool.stats()["in_use"] == 0


@wrong("workload.test", "fails by accident", breaks="fails_a_leak_on_error")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        if pool.stats()["in_use"] != 0:
            raise RuntimeError("it leaks")


@wrong(
    "workload.test",
    "misses the error",
    breaks="fails_a_leak_on_error fails_a_leak_on_success",
)
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
            assert pool.stats()["in_use"] == 0
        except Exception:
            pass


@wrong("workload.test", "not caught", breaks="passes_a_good_store")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except sqlite3.IntegrityError:
            pass
        assert pool.stats()["in_use"] == 0


@wrong("workload.test", "fails the good", breaks="passes_a_good_store")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        assert pool.stats()["peak"] == 0


@wrong("workload.test", "leaks itself", breaks="passes_a_good_store")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        try:
            pool.acquire(timeout=0)
        except PoolTimeout:
            raise AssertionError("nothing to lend any more") from None


@wrong("workload.test", "other labels", breaks="passes_a_good_store")
def finds_leaks(store, pool):
    for label in ("login", None):
        try:
            store(pool, label)
        except Exception:
            pass
        assert pool.stats()["in_use"] == 0


@wrong("workload.test", "raised KeyError", breaks="passes_a_good_store fails_a_leak_on_error")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        assert pool.stats()["out"] == 0


@wrong("workload.test", "returned", breaks="fails_a_leak_on_error")
def finds_leaks(store, pool):
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        if pool.stats()["in_use"] != 0:
            return False
    return True
