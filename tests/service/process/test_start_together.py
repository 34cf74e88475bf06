"""Several programs that need the service at one moment start one, and all of them get it."""

from concurrent.futures import ThreadPoolExecutor

from local_test.background import start, stop


def test_all_who_start_it_at_once_get_the_one_that_starts(tmp_path):
    folder = tmp_path / "state"
    try:
        with ThreadPoolExecutor(3) as pool:
            addresses = [started.result() for started in [pool.submit(start, folder, None) for _ in range(3)]]
        assert len({address.pid for address in addresses}) == 1
    finally:
        assert stop(folder)
