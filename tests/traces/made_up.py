#!/usr/bin/env python3
"""Writes made-up traces and worlds for the benchmark: fourteen shapes, everything else drawn by chance.

    made_up.py DIRECTORY SEED [COUNT]

The same seed gives the same worlds; COUNT is 28 unless said. Needs numpy. Then: TRACES=DIRECTORY cargo bench --bench control
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

SHAPES = (
    "steady diurnal onoff recspike rndspike sawtooth walk office flash steps mmpp hourly batch cibatch".split()
)
DAY = 86_400
MOST_MESSAGES = 250_000


def rate(shape, rng, bins):
    """Arrivals in each of so many bins of 10 s, in times their mean or nearly so."""
    t = np.arange(bins) * 10.0
    if shape == "diurnal":
        period = rng.choice([6, 12, 24]) * 3600
        return 1 + rng.uniform(0.5, 0.95) * np.sin(2 * np.pi * t / period + rng.uniform(0, 6))
    if shape == "onoff":
        on, off = rng.uniform(60, 900), rng.uniform(60, 1800)
        rates, at, is_on = np.zeros(bins), 0, rng.random() < 0.5
        while at < bins:
            lasts = max(1, int(rng.exponential(on if is_on else off) / 10))
            if is_on:
                rates[at : at + lasts] = rng.uniform(0.5, 1.5)
            at, is_on = at + lasts, not is_on
        return rates + 0.02
    if shape == "recspike":  # at the same distance, give or take
        period, lasts = rng.choice([900, 1200, 1800, 3600, 7200]), rng.uniform(30, 300)
        height, jitter = rng.uniform(8, 40), rng.choice([0, 0, 30, 120])
        rates, at = np.ones(bins), rng.uniform(0, period)
        while at < bins * 10:
            first = max(0, int((at + rng.uniform(-jitter, jitter)) / 10))
            rates[first : first + max(1, int(lasts / 10))] = height * rng.uniform(0.7, 1.3)
            at += period
        return rates
    if shape == "rndspike":  # out of the blue, some of them huge
        rates, at, gap = np.ones(bins) * rng.uniform(0.3, 1), 0, rng.uniform(1200, 7200)
        while True:
            at += rng.exponential(gap)
            if at >= bins * 10:
                return np.minimum(rates, 60)
            first = int(at / 10)
            rates[first : first + int(rng.uniform(5, 40))] = rng.pareto(1.5) * 8 + 5
    if shape == "sawtooth":
        period = rng.uniform(1800, 10800)
        return 0.1 + 2 * ((t % period) / period)
    if shape == "walk":
        logs, forgetting, size, value = np.zeros(bins), rng.uniform(600, 5000), rng.uniform(0.4, 1.0), 0
        steps = rng.normal(size=bins)
        for at in range(bins):
            value += -value * 10 / forgetting + size * np.sqrt(20 / forgetting) * steps[at]
            logs[at] = value
        return np.exp(logs)
    if shape == "office":
        of_day, is_workday = t % DAY, ((t // DAY) % 7) < 5
        is_open = (of_day > 8 * 3600) & (of_day < 18 * 3600) & is_workday
        return np.where(is_open, 1 + 0.3 * np.sin(of_day / 3600 * np.pi / 2), 0.05)
    if shape == "flash":
        rates = np.ones(bins) * 0.3
        for _ in range(rng.integers(2, 6)):
            first, fading = int(rng.uniform(0.1, 0.9) * bins), rng.uniform(60, 300)
            rates[first:] += rng.uniform(5, 30) * np.exp(-np.arange(bins - first) / fading)
        return rates
    if shape == "steps":
        rates, at = np.ones(bins), 0
        while at < bins:
            lasts = int(rng.exponential(5400) / 10) + 1
            rates[at : at + lasts] = rng.choice([0.1, 0.5, 1, 2, 5])
            at += lasts
        return rates
    if shape == "mmpp":  # three states that change by chance
        rates, at, state = np.zeros(bins), 0, 0
        while at < bins:
            lasts = int(rng.exponential([1800, 1200, 400][state]) / 10) + 1
            rates[at : at + lasts] = [0.05, 0.6, 3][state]
            at += lasts
            state = rng.choice([other for other in range(3) if other != state])
        return rates
    return np.ones(bins)


def batches(shape, rng, bins, mean):
    """Counts of each bin, of `mean` arrivals a bin on average where the shape does not say otherwise."""
    counts = np.zeros(bins, int)
    if shape == "hourly":
        period = rng.choice([900, 1800, 3600, 3600, 10800])
        first = rng.integers(0, period // 10)
        for at in range(first, bins, period // 10):
            counts[at] = max(1, int(rng.normal(1, rng.uniform(0, 0.2)) * mean * period / 10))
        if rng.random() < 0.5:
            counts += rng.poisson(mean * 0.05, bins)
    elif shape == "batch":
        gap, at = rng.uniform(120, 3000), 0
        while (at := at + rng.exponential(gap)) < bins * 10:
            counts[int(at / 10)] += max(1, int(min(20, rng.pareto(1.6) + 0.2) * mean * gap / 10 * 0.5))
    else:
        gap, at, size = rng.uniform(2400, 14400), 0, rng.integers(5, 40)
        while (at := at + rng.exponential(gap) * (1 if (at % DAY) > 28800 else 4)) < bins * 10:
            counts[int(at / 10)] += int(rng.integers(max(1, size // 2), size * 2))
    return counts


def between(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def world(shape, rng):
    """A trace's counts, and what it does not say."""
    hours = int(rng.choice([12, 24, 48]))
    hours = {"office": 72, "cibatch": 168}.get(shape, hours)
    bins = hours * 360
    boot, spread = between(rng, 40, 300), rng.choice([0.03, 0.15, 0.25, 0.5])
    objective = max(20, round(boot * between(rng, 0.25, 6) / 5) * 5)
    slots, load = int(rng.choice([1, 1, 2, 4, 8])), between(rng, 0.7, 25)
    work = between(rng, 1, 120)
    if shape == "cibatch":
        work = float(rng.uniform(60, 400))
    per_sec = min(load * slots / work, MOST_MESSAGES / (bins * 10))
    cv = float(rng.choice([0.3, 0.5, 1, 1.5]))
    hidden = int(max(30, 2 * round(work))) if rng.random() < 0.6 else int(rng.choice([30, 60, 120]))
    together = False
    if shape in ("hourly", "batch", "cibatch"):
        counts = batches(shape, rng, bins, per_sec * 10)
        together = shape == "hourly" or rng.random() < 0.3
    else:
        rates = rate(shape, rng, bins)
        counts = rng.poisson(np.maximum(rates / rates.mean() * per_sec * 10, 0))
    # Room for what arrives while nobody can help yet.
    left = max(objective - 1.2 * boot, 0.3 * objective)
    peak = np.convolve(counts, np.ones(max(1, int(left / 10))), "valid").max()
    most = min(math.ceil(1.6 * peak * work / slots / max(left, work)) + 5, 500)
    told = {"bin": 10, "S": round(work, 2), "cv": cv, "c": slots, "W": objective, "V": hidden, "mx": most}
    told["boot"] = [round(boot * (1 - spread)), round(boot * (1 + spread))]
    if together:
        told["together"] = True
    return counts, told


def main():
    directory, seed = Path(sys.argv[1]), int(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 2 * len(SHAPES)
    rng, worlds = np.random.default_rng(seed), {}
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        shape = SHAPES[number % len(SHAPES)]
        name = f"{number:02}_{shape}"
        counts, worlds[name] = world(shape, rng)
        rows = [f"{at * 10},{counts[at]}\n" for at in np.nonzero(counts)[0]]
        end = [] if counts[-1] else [f"{(len(counts) - 1) * 10},0\n"]
        (directory / f"{name}.csv").write_text("".join(["t_seconds,arrivals\n", *rows, *end]))
    (directory / "worlds.json").write_text(json.dumps(worlds, indent=1) + "\n")


if __name__ == "__main__":
    main()
