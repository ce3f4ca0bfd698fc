"""Named checks, one after the other."""

import time

from run import Failure


def expect(truth, words):
    if not truth:
        raise Failure(words)


def expect_equal(found, wanted, what):
    expect(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


class Checks:
    """Runs checks, each a function whose name is its claim, and counts."""

    def __init__(self):
        self.held = self.failed = 0

    def hold(self, place, checks, *given, evidence=lambda: ""):
        """Runs them in order. After one that fails, the rest of this place is not reached."""
        print(f"\n{place}", flush=True)
        for number, check in enumerate(checks):
            claim, start = check.__name__.replace("_", " "), time.monotonic()
            try:
                check(*given)
            except Failure as failure:
                self.failed += 1
                print(f"   FAILED {claim}\n{indented(str(failure))}\n{indented(evidence())}", flush=True)
                if left := len(checks) - number - 1:
                    print(f"   {left} checks that follow it were not reached", flush=True)
                return
            self.held += 1
            print(f"   ok {claim} ({time.monotonic() - start:.1f} s)", flush=True)


def indented(text):
    return "\n".join(f"      | {line}" for line in text.splitlines()[-40:])
