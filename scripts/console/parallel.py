"""Run a function on many items in parallel, in threads that end with the program."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
WAIT_SECONDS = 0.5
AHEAD = 4  # items a thread that may be waiting for their turn, so that 100,000 do not lie in memory at once


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Yield `function(item)` for every item, in their order; what it raises is raised here.

    After that, or when the iterator is closed, nothing more is begun. What is under way when an item fails is waited
    for, so that no request of a program outlives it; on Ctrl-C, and when the iterator is closed, nothing is: the
    threads are daemons, which concurrent.futures' are not, so that requests that hang keep no program."""
    given: queue.SimpleQueue[tuple[Future[Result], Item] | None] = queue.SimpleQueue()
    under_way: deque[Future[Result]] = deque()

    def work() -> None:
        while (one := given.get()) is not None:
            future, item = one
            try:
                future.set_result(function(item))
            except BaseException as error:  # it belongs to whoever asks for the result
                future.set_exception(error)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    waits = True
    try:
        for item in items:
            under_way.append(Future())
            given.put((under_way[-1], item))
            if len(under_way) == threads * AHEAD:
                yield _result(under_way.popleft())
        while under_way:
            yield _result(under_way.popleft())
    except (KeyboardInterrupt, GeneratorExit):
        waits = False
        raise
    finally:
        while not given.empty():
            try:
                given.get_nowait()
            except queue.Empty:  # a thread was quicker
                break
        for _ in workers:
            given.put(None)
        if waits:
            for worker in workers:
                while worker.is_alive():
                    worker.join(WAIT_SECONDS)


def _result(future: Future[Result]) -> Result:
    """The future's result, waited for in short waits: Python raises KeyboardInterrupt between two instructions of the
    main thread only, and a Ctrl-C that arrives just before a wait without an end begins does not interrupt it.
    """
    while not wait([future], WAIT_SECONDS).done:
        pass
    return future.result()
