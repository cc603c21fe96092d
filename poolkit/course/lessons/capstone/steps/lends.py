"""The pool as far as the stage `lends`; the rest is not written yet."""


class Pool:
    def __init__(self, connect, size, timeout=5.0):
        self._connect = connect
        self._idle = []
        self._lent = {}  # by id

    def acquire(self):
        conn = self._idle.pop() if self._idle else self._connect()
        self._lent[id(conn)] = conn
        return conn

    def release(self, conn):
        if self._lent.pop(id(conn), None) is None:
            raise ValueError(f"{conn!r} is not out on loan from this pool")
        self._idle.append(conn)
