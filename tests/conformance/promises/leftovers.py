"""What a loan leaves behind for the next borrower: nothing."""

import contextlib
import sqlite3

from tests.conformance.story import FileStory, NotJudged, Story


class RolledBack(FileStory):
    """A transaction that a borrower left open is rolled back before the next borrower comes."""

    needs = "clean"

    def ann(self):
        loan = self.take()
        self.desk.begin(loan)
        self.desk.write(loan)
        self.give(loan)
        assert self.desk.rows() == 0, "a transaction was left open, and committed on the return"
        loan = self.take()
        assert not self.desk.in_transaction(self.raw(loan)), (
            "a transaction was left open, and the next borrower is in the midst of it"
        )


class BlockGivesBack(Story):
    """A block gives its connection back, also when it raises, and the exception goes its way."""

    timeout = 5.0
    needs = "block"

    def ann(self):
        ours = KeyError("ours")
        try:
            with self.pool.connection():
                raise ours
        except BaseException as error:
            assert error is ours, f"the block raised {ours!r}, and {error!r} came out"
        else:
            raise AssertionError("the block raised, and nothing came out")
        with self.pool.connection():
            pass
        self.all_there("a block raised, and another ended well")


class BlockCommits(FileStory):
    """A block that ends well has committed."""

    needs = "block"

    def ann(self):
        with self.pool.connection() as conn:
            self.desk.write(conn)
        assert self.desk.rows() == 1, "the block wrote a row and ended well: it is not there"


class BlockRollsBack(FileStory):
    """A block that raises leaves nothing of what it wrote."""

    needs = "block"

    def ann(self):
        with contextlib.suppress(ZeroDivisionError), self.pool.connection() as conn:
            self.desk.write(conn)
            raise ZeroDivisionError
        with self.pool.connection():
            pass
        assert self.desk.rows() == 0, "the block wrote a row and raised: the row is there"


class FailedCommit(Story):
    """A commit that fails is told, its transaction is not left open, and no connection is lost."""

    timeout = 5.0
    needs = "block"

    def ann(self):
        ours = self.desk.error("disk full")
        self.desk.fails["commit"] = [ours]
        try:
            with self.pool.connection() as conn:
                self.desk.begin(conn)
        except Exception as error:
            assert error is ours or error.__cause__ is ours, (
                f"the commit failed, and {error!r} came out"
            )
        else:
            if self.desk.fails["commit"]:
                raise NotJudged("its block does not commit by commit()", lesson=7)
            raise AssertionError("the commit failed, and nothing was told")
        loan = self.take()
        assert not self.desk.in_transaction(self.raw(loan)), "its transaction was left open"
        self.give(loan)
        self.all_there("a commit failed")


class NothingHalfRead(FileStory):
    """A SELECT that was not read to its end holds no lock after the return."""

    needs = "cursors"

    def ann(self):
        loan = self.take()
        kept = loan.execute("SELECT 1 FROM t UNION ALL SELECT 2 UNION ALL SELECT 3")
        kept.fetchone()
        self.give(loan)
        with contextlib.closing(sqlite3.connect(self.desk.path, timeout=0)) as other:
            try:
                other.execute("INSERT INTO t VALUES (1)")
                other.commit()
            except sqlite3.OperationalError as error:
                raise AssertionError(
                    f"a read begun in the last loan blocks others: {error}"
                ) from None
        rows = self.take().execute("SELECT * FROM t").fetchall()
        assert rows, "the next borrower reads what was there when the last one's read began"
        del kept


class KeptCursor(FileStory):
    """A cursor that a borrower kept does nothing any more after the return."""

    needs = "cursors"

    def ann(self):
        loan = self.take()
        kept = loan.cursor()
        self.give(loan)
        loan = self.take()
        try:
            kept.execute("INSERT INTO t VALUES ('by the last borrower')")
        except Exception:
            pass
        else:
            loan.commit()
            raise AssertionError("the last borrower's cursor wrote in the next one's transaction")
        finally:
            del kept


class SettingsAreBack(FileStory):
    """What a borrower set on the connection is as it was: row_factory, isolation_level."""

    needs = "settings"

    def ann(self):
        loan = self.take()
        conn = self.raw(loan)
        before = conn.row_factory, conn.isolation_level
        conn.row_factory, conn.isolation_level = sqlite3.Row, None
        self.give(loan)
        conn = self.raw(self.take())
        assert conn.row_factory is before[0], "the last borrower's row_factory is still there"
        assert conn.isolation_level == before[1], (
            "the last borrower's isolation_level is still there"
        )
