"""Makes openings.csv: when a daily start opens in UTC, for each quarter of an hour of days on which clocks change.

By Python's zoneinfo, and by definition: a window opens in the first minute in which the clocks of its zone show
its start, or a later time.  python3 tests/calendar/openings.py > tests/calendar/openings.csv
"""

import datetime
import zoneinfo

DAYS = {
    "Europe/Berlin": ["2026-03-29", "2026-10-25"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    # Half an hour.
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    # The last of them was left out: the date line was moved.
    "Pacific/Apia": ["2011-04-02", "2011-09-24", "2011-12-30"],
}
MINUTE = datetime.timedelta(minutes=1)


def openings(zone, day):
    zone = zoneinfo.ZoneInfo(zone)
    start = datetime.datetime.fromisoformat(day)
    now = (start - datetime.timedelta(hours=30)).replace(tzinfo=datetime.timezone.utc)
    latest = datetime.datetime.min
    for quarter in range(96):
        shown = start + quarter * 15 * MINUTE
        # What clocks have shown by now, at the latest: an hour that comes twice has come once.
        while (latest := max(latest, now.astimezone(zone).replace(tzinfo=None))) < shown:
            now += MINUTE
        yield shown.strftime("%H:%M"), now.strftime("%Y-%m-%dT%H:%M:%SZ")


print("zone,day,start,opens")
for zone, days in DAYS.items():
    for day in days:
        for start, opens in openings(zone, day):
            print(f"{zone},{day},{start},{opens}")
