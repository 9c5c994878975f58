"""The figures of a load, on plain values."""

from hypothesis import given
from hypothesis import strategies as st

from ops.demo.report import Phase, Record, longest_gap, percentile, summarize

ALL = Phase("all", 0, 1e9)


def record(begin, seconds=0.01, *, error="", kind="page"):
    return Record(kind, begin, seconds, 500 if error else 200, error)


def test_no_request_has_no_figures():
    summary = summarize([], ALL)
    assert (summary.sent, summary.failed, summary.longest_gap, summary.p99) == (0, 0, None, None)


def test_failures_are_counted_by_reason():
    summary = summarize(
        [record(1), record(2, error="status 502"), record(3, error="status 502")], ALL
    )
    assert (summary.sent, summary.failed) == (3, 2)
    assert summary.reasons == {"page: status 502": 2}


def test_a_phase_holds_the_requests_that_were_due_in_it():
    records = [record(1), record(2), record(3)]
    assert summarize(records, Phase("two", 2, 3)).sent == 1


def test_the_longest_gap_is_between_two_good_answers():
    records = [record(0, 0.1), record(1, 0.1, error="x"), record(2, 0.1), record(2.5, 0.1)]
    assert round(summarize(records, ALL).longest_gap) == 2000


def test_what_is_slow_on_purpose_is_not_in_the_percentiles():
    records = [record(1, 0.010), record(2, 0.5, kind="slow")]
    assert round(summarize(records, ALL).p99) == 10


def test_percentiles_by_nearest_rank():
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.99) == 7


@given(st.lists(st.floats(0, 1e6), min_size=2))
def test_the_longest_gap_is_never_longer_than_the_whole(ends):
    assert 0 <= longest_gap(ends) <= (max(ends) - min(ends)) * 1000 * (1 + 1e-9) + 1e-6
