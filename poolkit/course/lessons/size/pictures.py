"""The figures of lesson 11 and their sentences; each may also find that its data shows nothing."""

from __future__ import annotations

from poolkit.course.lessons.size.measured import Point, percentile
from poolkit.course.lessons.size.model import Storm


def knee_picture(reads: list[Point], writes: list[Point]):
    """Loans a second, and seconds for one, against the size of the pool; the figure and its words."""
    from poolkit.course import plots

    fig, (left, right) = plots.figure(1, 2, figsize=(8.4, 3.9))
    sizes = [point.size for point in reads]
    for number, (name, points) in enumerate((("reads", reads), ("writes", writes))):
        look = {"color": plots.LINES[number], "marker": plots.MARKERS[number]}
        left.plot(sizes, [point.per_second for point in points], label=name, **look)
        right.plot(sizes, [1000 * p.median for p in points], label=f"{name}, median", **look)
        right.plot(
            sizes, [1000 * p.slowest for p in points], label=f"{name}, {_tail(*points)}",
            linestyle="--", markerfacecolor="white", **look,
        )  # fmt: skip
        bend = knee(points)
        if bend not in (None, points[-1]):
            left.annotate(
                "knee", (bend.size, bend.per_second), (0, 12 if number == 0 else -20),
                textcoords="offset points", ha="center", color=look["color"], fontsize=10,
            )  # fmt: skip
    alone = reads[0].per_second / reads[0].size
    left.plot(
        sizes, [alone * size for size in sizes], ":", color="black", linewidth=1.5,
        label="reads, if none slowed others",
    )  # fmt: skip
    left.set_ylabel("loans a second")
    right.set_ylabel("milliseconds from asking to the end")
    for axes in (left, right):
        axes.legend(fontsize=9, ncols=2, loc="lower left", bbox_to_anchor=(-0.1, 1))
        axes.set_yscale("log")
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, sizes)
        axes.set_xlabel("connections in the pool")
    return fig, (
        "Two charts against the size of the pool, reads and writes each, on logarithmic scales. Left: "
        "loans a second, with the knee marked where there is one, and a dotted line for reads that "
        "would not slow one another. Right: the time from asking to the end of the loan, the median, "
        "and what 99 of 100 do not exceed, or the slowest where there were no hundred."
    )


def _tail(*points: Point) -> str:
    """What `slowest` is of these: a hundredth can be told from a hundred loans on."""
    return "99 %" if min(point.loans for point in points) >= 100 else "slowest"


def knee(points: list[Point]) -> Point | None:
    """The smallest pool that comes within a fifth of the best rate; None where they go up and down."""
    rates = [point.per_second for point in points]
    for place in range(1, len(rates) - 1):
        if rates[place] < 0.8 * min(max(rates[:place]), max(rates[place + 1 :])):
            return None
    return next(point for point in points if point.per_second >= 0.8 * max(rates))


def knee_sentence(reads: list[Point], writes: list[Point]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    said = []
    for name, points in (("reads", reads), ("writes", writes)):
        bend, last = knee(points), points[-1]
        if bend is None:
            rates = ", ".join(f"{point.per_second:.0f}" for point in points)
            said.append(
                f"Not shown on this machine: a clear knee of {name}; {rates} loans a second, from the "
                "smallest pool to the largest, go up and down."
            )
            continue
        if bend is last or last.per_second > 1.25 * bend.per_second:
            said.append(
                f"Not shown on this machine: a knee of {name}; {last.size} connections still do most."
            )
            continue
        said.append(
            f"The knee of {name} is at {bend.size}, with {bend.per_second:.0f} loans a second; "
            f"{last.size} connections do {last.per_second:.0f}, {_who_pays(bend, last)}."
        )
    waits = [
        f"{1000 * percentile(points[end].waits, 50):.1f} ms"
        for end in (0, -1)
        for points in (reads, writes)
    ]
    said.append(
        f"Waiting for a connection alone takes, in the median, {waits[0]} (reads) and {waits[1]} (writes) "
        f"with {reads[0].size}, and {waits[2]} and {waits[3]} with {reads[-1].size}."
    )
    return "\n".join(said)


def _who_pays(bend: Point, last: Point) -> str:
    if last.slowest <= 1.5 * bend.slowest:
        return "and who waits longest waits hardly longer there"
    before, after = f"{1000 * bend.slowest:.0f} ms", f"{1000 * last.slowest:.0f} ms"
    if _tail(bend, last) == "99 %":
        return f"and 1 of 100 takes {after} or more, instead of {before}"
    return f"and the slowest takes {after}, instead of {before}"


def against_the_model(real: list[float], modelled: list[float]) -> str:
    """Loans, mean wait and 99 % of a measured pool and of its model, a line each."""
    lines = [f"{'':10} {'loans':>6} {'mean wait':>10} {'99 %':>9}"]
    for name, waits in (("measured", real), ("model", modelled)):
        mean, slowest = 1000 * sum(waits) / len(waits), 1000 * percentile(waits, 99)
        lines.append(f"{name:10} {len(waits):6} {mean:7.1f} ms {slowest:6.1f} ms")
    return "\n".join(lines)


def error_sentence(real: list[float], modelled: list[float]) -> str:
    """How far the model is off, in per cent of what was measured."""
    loans = len(modelled) / len(real) - 1
    mean = sum(modelled) / len(modelled) / (sum(real) / len(real)) - 1
    said = f"The model is {loans:+.0%} off in loans and {mean:+.0%} in the mean wait"
    if abs(loans) > 0.1 or abs(mean) > 0.25:
        return (
            f"Not shown on this machine: a model that fits. {said}. Something else took time here."
        )
    return f"{said}: near enough to ask it what cannot be measured here."


def busy_picture(waits: dict[int, list[float]], held: float):
    """Mean and 99 % wait against how busy the pool is, in times of one loan; the figure, its words."""
    from poolkit.course import plots

    fig, axes = plots.figure()
    percents = list(waits)
    means = [sum(some) / len(some) / held for some in waits.values()]
    slowest = [percentile(some, 99) / held for some in waits.values()]
    axes.plot(
        percents,
        slowest,
        color=plots.LINES[1],
        marker=plots.MARKERS[1],
        linestyle="--",
        label="99 % wait no longer",
    )
    axes.plot(percents, means, color=plots.LINES[0], marker=plots.MARKERS[0], label="mean")
    axes.set_xlabel("part of the pool that is in use on average, per cent")
    axes.set_ylabel("wait, in times of one loan")
    axes.legend()
    return fig, (
        "Two lines against how busy a pool of four is, from 10 to 98 per cent: the mean wait and what "
        "99 of 100 do not exceed, in times of one loan. Whether and where they bend upwards is told below."
    )


def busy_sentence(waits: dict[int, list[float]], held: float) -> str:
    """What the picture shows at 50, 90 and 98 per cent; it may also be that it shows nothing."""
    half, ninety, most = (sum(waits[p]) / len(waits[p]) for p in (50, 90, 98))
    numbers = f"{half / held:.2f} times a loan at 50 %, {ninety / held:.2f} at 90 %, {most / held:.2f} at 98 %"
    if not half < ninety < most or ninety - half < 2 * half or most - ninety < ninety - half:
        return f"Not shown by this run: a wait that grows faster and faster; it is {numbers}."
    return f"The mean wait is {numbers}: the last few per cent cost more than all before them."


def storm_picture(storms: dict[str, Storm]):
    """Queries sent and answered in time, second by second, a row each; the figure and its words."""
    from poolkit.course import plots

    fig, rows = plots.figure(len(storms), 1, sharex=True, figsize=(7.0, 1.45 * len(storms) + 0.6))
    for axes, (name, one) in zip(rows, storms.items(), strict=True):
        asked, answered = one.each_second(one.asked), one.each_second(one.answered)
        axes.axvspan(*one.away, color="#EEEEEE", zorder=0)
        axes.plot(asked, color=plots.LINES[1], linestyle="--", label="sent")
        axes.plot(answered, color=plots.LINES[0], label="answered in time")
        axes.set_ylim(0, 1.15 * max(asked))
        back = (
            f"not back within {one.seconds - one.away[1]:.0f} s"
            if one.back_after is None
            else f"back after {one.back_after} s"
        )
        axes.set_title(f"{name}: {back}", loc="left", fontsize=11)
        axes.grid(visible=False, axis="x")
    rows[-1].set_ylim(0, 2 * rows[-1].get_ylim()[1])
    rows[-1].legend(ncols=2, loc="upper right", fontsize=10)
    rows[0].text(one.away[0] + 0.1, rows[0].get_ylim()[1] * 0.98, "away", va="top", fontsize=10)
    rows[len(rows) // 2].set_ylabel("queries a second")
    rows[-1].set_xlabel("seconds; the database is away in the shaded part")
    return fig, (
        f"{len(storms)} rows over time, one for each way to retry: queries sent and queries answered in "
        "time, for each second. In the shaded part the database is away. Whether answers come back "
        "afterwards is told in each title."
    )


def storm_sentence(storms: dict[str, Storm]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    back = {name: one.back_after for name, one in storms.items()}
    down = [name for name, after in back.items() if after is None]
    up = [f"{name} ({after} s)" for name, after in back.items() if after is not None]
    if not down:
        return f"Not shown by this run: a storm that lasts; back are {', '.join(up)}."
    left = next(iter(storms.values()))
    said = f"{left.seconds - left.away[1]:.0f} s after the database's return still down: {', '.join(down)}."
    return f"{said} Back: {', '.join(up)}." if up else f"{said} Back: none."
