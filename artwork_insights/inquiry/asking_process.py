"""A process that answers hypotheses: reads them from stdin, writes the answers to stdout, both pickled.

Started by `asking` as ``python -m artwork_insights.inquiry.asking_process``, so it needs no guard around the caller's
main module. It ends when its stdin does, whatever it is doing, and so never outlives the process that started it.
"""

from __future__ import annotations

import os
import pickle
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO

from artwork_insights.design.learners.side_by_side import share_cores
from artwork_insights.errors import ArtworkInsightsError
from artwork_insights.inquiry.asking import Answer
from artwork_insights.study import Hypothesis


def main() -> None:
    """Answer hypothesis after hypothesis until stdin ends."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    asking, threads = pickle.load(questions)
    share_cores(threads)
    asked: SimpleQueue[Hypothesis] = SimpleQueue()
    Thread(target=_read, args=(questions, asked), daemon=True).start()
    while True:
        found: Answer | ArtworkInsightsError
        try:
            found = asking.answer(asked.get())
        except ArtworkInsightsError as error:
            found = error
        pickle.dump(found, answers)
        answers.flush()


def _read(questions: BinaryIO, asked: SimpleQueue[Hypothesis]) -> None:
    while True:
        try:
            asked.put(pickle.load(questions))
        except EOFError:
            os._exit(0)  # the process that started this one wants no more, or has gone


if __name__ == "__main__":
    try:
        main()
    except (EOFError, BrokenPipeError):
        raise SystemExit from None
