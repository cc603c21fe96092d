"""A small shop with three faults in it. The incidents of lesson 14 were recorded from its runs.

A request runs in a thread of its own, which is named after it: `refund-3`. All borrow from one pool.
"""

import queue
import sqlite3
import time

from poolkit import PoolTimeout

TABLES = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, refunded INTEGER DEFAULT 0);
CREATE TABLE visits (customer TEXT NOT NULL);
INSERT INTO orders (customer) VALUES ('ann'), ('ben'), ('cleo'), ('dan'), ('eve'), ('fay');
"""


def prepare(conn):
    """Set up a new connection. The slow parts of a large shop are played by sleep."""
    conn.create_function("scan", 1, lambda seconds: time.sleep(seconds) or 1)


# --- the first incident


def borrow(pool):
    """Borrow a connection; every request of the shop comes through here."""
    return pool.acquire()


def show_basket(pool, customer):
    conn = borrow(pool)
    try:
        sql = "SELECT scan(0.08), * FROM orders WHERE customer = ? LIMIT 1"
        return conn.execute(sql, (customer,)).fetchall()
    finally:
        pool.release(conn)


def search(pool, text):
    conn = borrow(pool)
    try:
        sql = "SELECT scan(0.11), * FROM orders WHERE customer LIKE ? LIMIT 1"
        return conn.execute(sql, (text,)).fetchall()
    finally:
        pool.release(conn)


def refund(pool, order):
    conn = borrow(pool)
    (done,) = conn.execute("SELECT refunded FROM orders WHERE id = ?", (order,)).fetchone()
    if done:
        return "was refunded before"
    try:
        conn.execute("UPDATE orders SET refunded = 1 WHERE id = ?", (order,))
        conn.commit()
    finally:
        pool.release(conn)
    return "refunded"


def refund_mended(pool, order):
    with pool.connection() as conn:
        (done,) = conn.execute("SELECT refunded FROM orders WHERE id = ?", (order,)).fetchone()
        if done:
            return "was refunded before"
        conn.execute("UPDATE orders SET refunded = 1 WHERE id = ?", (order,))
    return "refunded"


# --- the second incident


def patiently(work, tries):
    """Do it, and where no connection came free in time, at once again: so many times in all."""
    for left in reversed(range(tries)):
        try:
            return work()
        except PoolTimeout:
            if not left:
                raise


def product_page(pool, seconds=0.02):
    conn = pool.acquire()
    try:
        return conn.execute("SELECT scan(?)", (seconds,)).fetchone()
    finally:
        pool.release(conn)


def checkout(pool, seconds=0.04):
    conn = pool.acquire()
    try:
        return conn.execute("SELECT scan(?)", (seconds,)).fetchone()
    finally:
        pool.release(conn)


def export(pool, seconds=0.8):
    conn = pool.acquire()
    try:
        return conn.execute("SELECT scan(?)", (seconds,)).fetchone()
    finally:
        pool.release(conn)


# --- the third incident


class CardRefused(Exception):
    """The card company says no."""


class ShopPool:
    """The pool that the shop wrote for itself."""

    def __init__(self, connect, size):
        self._shelf = queue.LifoQueue()
        for _ in range(size):
            self._shelf.put(connect())

    def acquire(self):
        return self._shelf.get()

    def release(self, conn):
        self._shelf.put(conn)


class MendedPool(ShopPool):
    def release(self, conn):
        conn.rollback()
        super().release(conn)


def place_order(pool, customer, refused):
    conn = pool.acquire()
    try:
        conn.execute("INSERT INTO orders (customer) VALUES (?)", (customer,))
        if refused:
            raise CardRefused
        conn.commit()
        return "thank you"
    except CardRefused:
        return "your card was refused: nothing was ordered"
    finally:
        pool.release(conn)


def count_visit(pool, customer):
    conn = pool.acquire()
    try:
        conn.execute("INSERT INTO visits VALUES (?)", (customer,))
        conn.commit()
    except sqlite3.IntegrityError:  # a guest has no name
        conn.rollback()
    finally:
        pool.release(conn)


def count_orders(pool, read=lambda rows: rows):
    conn = pool.acquire()
    try:
        return read(conn.execute("SELECT count(*) FROM orders").fetchone())
    finally:
        pool.release(conn)
