import pytest
from figures import mean, percent, share


def test_wilson_interval():
    assert share(81, 263) == pytest.approx((0.308, 0.2553, 0.3662), abs=5e-4)  # Newcombe 1998, table I


def test_shares_of_none_and_of_all_stay_in_bounds():
    assert share(0, 20)[1] == pytest.approx(0, abs=1e-12)
    assert share(20, 20)[2] == pytest.approx(1)


def test_mean_interval():
    assert mean([1.0, 2.0, 3.0, 4.0]) == pytest.approx((2.5, 2.5 - 1.96 * 0.6455, 2.5 + 1.96 * 0.6455), abs=1e-3)
    assert mean([0.5]) == (0.5, 0.5, 0.5)


def test_percent():
    assert percent((0.9, 0.886, 0.9123)) == "90.0% (88.6 to 91.2)"
