"""Keeps the schedules: makes each one's call when its time has come, and again while SageMaker refuses it.

moto answers for the schedules and only writes them down."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from moto.scheduler.models import Schedule, scheduler_backends

from local_test.api.errors import ApiError
from local_test.api.schedules import planned_call
from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.journal import Journal
from local_test.storage.moto_internals import check_moto

check_moto("schedules")

PAUSE = 0.5  # seconds between two looks at what is in memory
AGAIN = timedelta(minutes=1)  # after a refusal, as when an endpoint is being updated
SaysWhen = Callable[[], datetime]
logger = logging.getLogger(__name__)


@dataclass
class _Attempts:
    """Of one schedule, as it was last changed."""

    made: int
    next: datetime


class ScheduleKeeper:
    """A thread of its own, from `start` to `stop`."""

    def __init__(
        self,
        call: Callable[[str, str, dict[str, Any]], object],
        journal: Journal,
        clock: SaysWhen = lambda: datetime.now(UTC),
    ):
        """call: makes a call of SageMaker's: region, operation, request. journal: of moto's requests."""
        self._call, self._journal, self._clock = call, journal, clock
        self._attempts: dict[tuple[str, float], _Attempts] = {}  # by ARN and when it was last changed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="schedules", daemon=True)

    def start(self) -> None:
        """What an earlier service had kept, and what does not remove itself, is not kept again."""
        now = self._clock()
        for _, schedule in self._enabled():
            if schedule.action_after_completion != "DELETE" and _moment(schedule) <= now:
                self._attempts[_key(schedule)] = _Attempts(0, datetime.max.replace(tzinfo=UTC))
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        while not self._ended.wait(PAUSE):
            try:
                self.keep_due()
            except Exception:  # one schedule that cannot be kept must not keep the others from it
                logger.exception("a schedule could not be kept")

    def keep_due(self) -> None:
        now = self._clock()
        for region, schedule in self._enabled():
            attempts = self._attempts.setdefault(_key(schedule), _Attempts(0, _moment(schedule)))
            if attempts.next <= now:
                self._attempt(region, schedule, attempts, now)

    def _enabled(self) -> list[tuple[str, Schedule]]:
        return [
            (region, schedule)
            for region, backend in list(scheduler_backends[ACCOUNT].items())
            for group in list(backend.schedule_groups.values())
            for schedule in list(group.schedules.values())
            if schedule.state != "DISABLED"  # moto keeps no state where an update names none
        ]

    def _attempt(self, region: str, schedule: Schedule, attempts: _Attempts, now: datetime) -> None:
        planned = planned_call(schedule.schedule_expression, schedule.schedule_expression_timezone, schedule.target)
        attempts.made += 1
        policy = schedule.target["RetryPolicy"]
        oldest = planned.moment + timedelta(seconds=policy.get("MaximumEventAgeInSeconds", 86_400))
        try:
            self._call(region, planned.operation, planned.request)
            logger.info("schedule %s: %s %s", schedule.name, planned.operation, planned.request)
        except ApiError as error:
            logger.warning("schedule %s: %s was refused: %s", schedule.name, planned.operation, error.message)
            if attempts.made <= policy.get("MaximumRetryAttempts", 185) and now + AGAIN <= oldest:
                attempts.next = now + AGAIN
                return
        if schedule.action_after_completion == "DELETE":
            self._remove(region, schedule)
        else:
            attempts.next = datetime.max.replace(tzinfo=UTC)

    def _remove(self, region: str, schedule: Schedule) -> None:
        """From moto, and from what a later service asks it again."""
        group = scheduler_backends[ACCOUNT][region].schedule_groups.get(schedule.group_name)
        if group is None or group.schedules.get(schedule.name) is not schedule:
            return  # somebody else has just removed or replaced it
        group.delete_schedule(schedule.name)
        scope = f"AWS4-HMAC-SHA256 Credential=local/20000101/{region}/scheduler/aws4_request, "
        path, query = f"/schedules/{quote(schedule.name)}", f"groupName={quote(schedule.group_name)}"
        self._journal.record("DELETE", path, query, {"authorization": scope}, b"", 200)


def _moment(schedule: Schedule) -> datetime:
    return planned_call(schedule.schedule_expression, schedule.schedule_expression_timezone, schedule.target).moment


def _key(schedule: Schedule) -> tuple[str, float]:
    return schedule.arn, schedule.last_modified_date
