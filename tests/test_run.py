"""Jobs inside jobs: what they tell, what they return, and that they end together."""

import pytest

from vaeexplorer.run import Progress, part_of, passed_on, result_of


def counting(ended):
    """A job of three reports that returns 9 and notes its end."""
    try:
        yield from (0, 1, 2)
        return 9
    finally:
        ended.append(True)


def test_reports_are_passed_on_changed_and_the_result_as_it_is():
    def outer():
        return (yield from passed_on(counting([]), "{} of 3".format))

    job = outer()
    assert [next(job), next(job), next(job)] == ["0 of 3", "1 of 3", "2 of 3"]
    assert result_of(job) == 9


@pytest.mark.parametrize("end", ["close", "throw"])
def test_a_job_that_is_ended_ends_the_one_inside_at_once(end):
    ended = []
    inner = counting(ended)
    outer = passed_on(inner, str)
    next(outer)
    if end == "close":
        outer.close()
    else:
        with pytest.raises(RuntimeError, match="cancelled"):
            outer.throw(RuntimeError("cancelled"))
    assert ended == [True]
    with pytest.raises(StopIteration):
        next(inner)


def test_a_report_that_cannot_be_changed_ends_both():
    ended = []
    with pytest.raises(ZeroDivisionError):
        next(passed_on(counting(ended), lambda news: 1 // news))
    assert ended == [True]


def test_a_part_tells_how_far_the_whole_is():
    def job():
        yield Progress("reading", 0.5)
        yield Progress("waiting", None)

    assert list(part_of(job(), 0.2, 0.4, "A")) == [
        Progress("A: reading", 0.4),
        Progress("A: waiting", 0.2),
    ]
    assert next(part_of(job(), 0.0, 1.0)).message == "reading"
