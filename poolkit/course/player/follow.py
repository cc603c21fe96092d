"""Being called before each instruction of the code under test.

Up to 3.11 a trace function with `f_trace_opcodes` does it. From 3.12 `sys.monitoring` does: there
the trace function crashed 3.12.1 and was sent no opcodes by 3.13.0, so that wrong pools passed.
"""

import sys
from _thread import get_ident

from poolkit.course.player.locks import on_stage


class Tracing:
    """Follows with sys.settrace, which each worker sets for itself."""

    def __init__(self, codes) -> None:
        self._codes = frozenset(codes)

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def enter(self, worker) -> None:
        if not worker.followed:
            return
        codes, step = self._codes, worker.stage.step

        def on_instruction(frame, event, _arg):
            if event == "opcode":
                step(worker, frame.f_code, frame.f_lasti)
            return on_instruction

        def on_call(frame, _event, _arg):
            if frame.f_code not in codes:
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            return on_instruction

        sys.settrace(on_call)

    def leave(self) -> None:
        sys.settrace(None)


class Monitoring:
    """Follows with sys.monitoring: the events belong to the codes, the callback sorts by thread."""

    def __init__(self, codes) -> None:
        self._codes = list(codes)
        self._tool: int | None = None

    def start(self) -> None:
        monitoring = sys.monitoring
        free = [tool for tool in (4, 3, 5, 2) if monitoring.get_tool(tool) is None]
        if not free:
            raise RuntimeError("no place left in sys.monitoring: is a debugger or profiler on?")
        self._tool = free[0]
        monitoring.use_tool_id(self._tool, "poolkit player")
        event = monitoring.events.INSTRUCTION
        monitoring.register_callback(self._tool, event, _on_instruction)
        for code in self._codes:
            monitoring.set_local_events(self._tool, code, event)

    def stop(self) -> None:
        if self._tool is None:
            return
        monitoring = sys.monitoring
        for code in self._codes:
            monitoring.set_local_events(self._tool, code, 0)
        monitoring.register_callback(self._tool, monitoring.events.INSTRUCTION, None)
        monitoring.free_tool_id(self._tool)
        self._tool = None

    def enter(self, worker) -> None:
        pass

    def leave(self) -> None:
        pass


def _on_instruction(code, offset: int) -> None:
    worker = on_stage.get(get_ident())
    if worker is not None and worker.followed:
        worker.stage.step(worker, code, offset)


Follower = Monitoring if sys.version_info >= (3, 12) else Tracing
