"""For each broken promise of another's pool the smallest script that shows it.

    python -m tests.conformance.reproductions.peewee

They know nothing of the suite: plain threads, real signals, real forks, and the pool as it comes.
One function shows one thing; it returns whether it was seen. The state that is waited for shows,
in the stack of the thread that is to sleep; where a clock has to pass, the margins are wide.
"""
