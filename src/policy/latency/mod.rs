//! The wait that is acceptable, and nothing else: see [`Latency`].

mod budget;
mod idle;

use budget::Budget;
use idle::Idle;

use crate::model::{Fleet, Outlook, Timestamp, whole_units};
use serde::{Deserialize, Serialize};

/// As much capacity as lets no message wait longer than the objective, but for one in a hundred.
///
/// A queue with one objective is a queue of deadlines. For each time ahead, the messages that must have
/// been started by then are held against what the ordered instances can start by then: the processor
/// demand criterion of earliest-deadline-first scheduling (Baruah, Rosier, Howell, Real-Time Systems 2, 1990).
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    pub objective_secs: f64,
    pub drains: bool,
    pub visibility_secs: f64,
    pub max: u32,
    pub t: Tune,
}
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tune { pub th: f64, pub adapt: f64, pub thi: f64, pub zt: f64, pub wm: f64, pub kbud: f64, pub eo: f64, pub ei: f64, pub sub: f64, pub dm: f64, pub prot: f64, pub dw: f64, pub dn: f64, pub bm: f64, pub mw: f64, pub fl: f64, pub fr: f64, pub hr: f64, pub hw: f64, pub hg: f64, pub wt: f64, pub fix: f64, pub mb: f64, pub jb: f64, pub h0: f64, pub few: f64, pub pre: f64, pub pt: f64 }
impl Default for Tune { fn default() -> Self { Self { th: 0.86, adapt: 0.0, thi: 0.3, zt: 0.5, wm: 0.4, kbud: 0.0035, eo: 0.3, ei: 0.2, sub: 0.2, dm: 0.25, prot: 1.0, dw: 0.3, dn: 1.0, bm: 1.5, mw: 0.0, fl: 2.0, fr: 0.0, hr: 2.0, hw: 1.0, hg: 0.0, wt: 1.0, fix: 0.0, mb: 9.0, jb: 1.0, h0: 0.5, few: 1000.0, pre: 0.5, pt: 2.5 } } }

/// What the policy remembers from tick to tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    budget: Budget,
    lost: Budget,
    idle: Idle,
    last: Option<(Timestamp, u32)>,
    /// Messages that removals have interrupted, as far as was to be expected.
    interrupted: f64,
    all: f64,
    blocked: Option<Timestamp>,
    at_risk: f64,
    waited: f64,
    flights: Vec<f64>,
}

/// One tick's figures.
#[derive(Debug)]
struct Reckoning<'a> {
    p: &'a Latency,
    outlook: &'a Outlook,
    waiting: f64,
    in_flight: f64,
    desired: f64,
    processing: f64,
    slots: f64,
    boot: f64,
    /// Seconds until each unit that is booting works.
    booting: Vec<f64>,
    busy: f64,
    ready: f64,
    head_secs: f64,
}

impl<'a> Reckoning<'a> {
    pub fn new(p: &'a Latency, outlook: &'a Outlook, waiting: f64, in_flight: f64, fleet: &Fleet) -> Self {
        let e = &outlook.estimate;
        let boot = e.boot_secs.value;
        let desired = f64::from(fleet.desired);
        let mut booting: Vec<f64> = outlook.ages.iter().map(|age| boot - age).filter(|left| *left > 0.0).collect();
        let mut missing = desired - outlook.ages.len() as f64;
        while missing >= 1.0 { booting.push(boot); missing -= 1.0; }
        let ready = (desired - booting.len() as f64).max(0.0);
        let slots = e.slots.value;
        let step = outlook.step_secs;
        let mut k = 0;
        while k + 1 < outlook.arrived.len() && outlook.arrived[k] < waiting { k += 1; }
        let head_secs = if waiting > 0.0 { k as f64 * step } else { 0.0 };
        Self { p, outlook, waiting, in_flight, desired, processing: e.processing_secs.value, slots, boot, booting, busy: in_flight.min(slots * ready), ready, head_secs }
    }
    /// Messages that one free slot can have started within so many seconds.
    fn starts(&self, secs: f64) -> f64 { (secs / self.processing + 0.5).max(1.0) }

    /// Messages that must have been started within `ahead` seconds if none is to wait longer than `wait`.
    fn due(&self, ahead: f64, wait: f64, z: f64, rate: f64) -> f64 {
        let step = self.outlook.step_secs;
        let at = |sums: &[f64], secs: f64| { let i = (secs / step) as usize; let i = i.min(sums.len() - 1); sums[i] };
        if ahead < wait {
            return (self.waiting - at(&self.outlook.arrived, wait - ahead).max(0.0)).max(0.0);
        }
        let beyond = ahead - wait;
        let lam = self.outlook.estimate.arrivals_per_sec.value;
        let expected = if rate > lam { rate * beyond } else if beyond / step < self.outlook.expected.len() as f64 { at(&self.outlook.expected, beyond) } else { lam * beyond };
        self.waiting + expected + z * (lam * beyond + self.outlook.error_per_sec * beyond).max(0.0).sqrt()
    }
}

impl Latency {
    pub fn dbg(&self, m: &Memory) -> String { format!("risk {:.3} spent {:.2} of {:.2} waited {:.0}", m.at_risk, m.interrupted, self.t.kbud * m.all + 0.2, m.waited) }
    pub fn want(&self, now: Timestamp, waiting: u64, in_flight: u64, fleet: &Fleet, outlook: &Outlook, m: &mut Memory, used: f64) -> u32 {
        let t = &self.t;
        let w = self.objective_secs;
        let (q, f) = (waiting as f64, in_flight as f64);
        let r = Reckoning::new(self, outlook, q, f, fleet);
        let (s, c, b) = (r.processing, r.slots, r.boot);
        let mu = c / s;
        let n = fleet.desired;
        let lam = outlook.estimate.arrivals_per_sec.value;
        // budget
        let dt = m.last.map_or(10.0, |(at, _)| now.since(at).as_secs_f64());
        let arrived = outlook.arrived.get(1).copied().unwrap_or(0.0) * dt / outlook.step_secs;
        m.budget.learn(dt, arrived, if r.head_secs > w { f / s * dt } else { 0.0 });
        m.lost.learn(dt, arrived, if r.head_secs > w { f / s * dt } else { 0.0 });
        m.all += arrived.max(0.0);
        if let Some((_, before)) = m.last { if n < before { let lost = m.at_risk * f64::from(before - n); m.interrupted += lost; m.lost.learn(0.0, 0.0, lost); } }
        m.last = Some((now, n));
        let tight = w < b + 60.0;
        let z0 = 2.5 * ((m.budget.used(lam * 3600.0, 0.4) - 0.4) / 1.6).clamp(0.0, 1.0);
        let (mut zo, mut zi) = (z0, z0);
        if tight { zo = zo.max(t.zt * (b / w).sqrt()); zi = zi.max(2.0 * t.zt * (b / w).sqrt()); }
        let _ = used;
        let th = t.th + t.adapt * (1.0 - m.lost.used((lam * 3600.0).max(t.few), t.pre) / 0.5).clamp(-1.0, 1.0);
        let (wo, wi) = (w - ((1.0 - th) * w).min(t.mb * b), t.thi * w);
        let be = b + if self.drains { 0.0 } else { 0.5 * s };
        let step = outlook.step_secs;
        let dmin = b + (t.dw * w).max(20.0).max(t.dm * b);
        let dfar = dmin.max(b + wo);
        let he = (1.2 * b + wi).max(40.0);
        let (mut add, mut need) = (0.0_f64, 0.0_f64);
        let mut d = step;
        while d <= dfar.max(he) + step {
            if dmin <= d && d <= dfar + step {
                let cap = c * r.booting.iter().filter(|x| **x < d).map(|x| r.starts(d - x)).sum::<f64>() + (c * r.ready - r.busy) * r.starts(d) + r.busy * d / s;
                add = add.max((r.due(d, wo, zo, outlook.jump_per_sec.filter(|_| w < b * t.jb).unwrap_or(lam)) - cap) / (c * r.starts(d - b)));
            }
            if (40.0..=he + step).contains(&d) {
                let du = r.due(d, wi, zi, lam);
                let x = if self.drains { let fb = if n > 0 { c.min(f / r.desired) } else { 0.0 }; du / ((c - fb) * r.starts(d) + fb * d / s) } else { (du - f * d / s + f * r.starts(d)) / (c * r.starts(d)) };
                need = need.max(x);
            }
            d += step;
        }
        m.waited = r.head_secs.max(m.waited * (1.0 - dt / (t.hr * s + dt)));
        // levels
        let rr = lam / mu / 1.05;
        let fl = rr.floor();
        let mut lvl = (rr - t.ei).ceil();
        let mut batch = fl < 1.0 && lvl < 1.0;
        if lvl > fl {
            if fl >= 1.0 { if (rr * (wo - b) - q / mu) / (rr - fl).max(0.01) > t.sub * be { lvl = fl; } }
            else if wo - b + 1.0 / lam.max(1e-6) > t.sub * be { lvl = 0.0; batch = true; }
        }
        let mut ni = whole_units((need - t.ei).max(lvl));
        if batch && q + f == 0.0 { ni = 0; }
        if ni < 1 && q + f > 0.0 && n > 0 { ni = 1; }
        let ni = ni.min(self.max);
        m.flights.insert(0, f); m.flights.truncate(t.fl as usize);
        let fmax = m.flights.iter().copied().fold(0.0, f64::max);
        m.idle.learn(now, ni, dt, b, be);
        let wait = (if t.fix > 0.0 { if w >= b + 30.0 { t.wm * b } else { t.fix * b } } else { m.idle.wait_secs(b) * if w >= b + 30.0 { t.wm } else { t.wt } }).max(t.mw).max(t.hg * b * (m.budget.used(lam * 3600.0, 0.0) - t.h0).clamp(0.0, 30.0));
        // decide
        if add > if batch && n == 0 { t.bm } else { t.eo } { return (n + whole_units(add - t.eo).max(1)).min(self.max); }
        if n == 0 && q > 0.0 && r.head_secs > wo - b - 20.0 { return 1; }
        let young = outlook.ages.iter().filter(|age| **age < t.prot * b).count() as u32;
        let floor = if young > 0 { n } else { ni };
        let mut hold = n;
        while hold > floor && m.idle.unneeded_secs(now, hold) > wait.max(if m.idle.fresh(now, b) { b } else { 0.0 }) { hold -= 1; }
        hold = hold.max(whole_units(fmax / c - 0.2).min(n));
        m.at_risk = 0.0;
        if hold < n {
            if !self.drains {
                let risk = f.max(fmax * t.fr) / r.desired.max(1.0) * (-(w - self.visibility_secs - t.hw * (if t.hr > 0.0 { m.waited } else { r.head_secs })).max(0.0) / (t.pt * s)).exp();
                m.at_risk = risk;
                if risk > 0.0 {
                    let mut k = n - hold;
                    while k > 0 && f64::from(k) * risk > 0.01 && m.interrupted + f64::from(k) * risk > t.kbud * m.all + 0.2 { k -= 1; }
                    if k == 0 {
                        match m.blocked { None => m.blocked = Some(now), Some(since) => if now.since(since).as_secs_f64() > 10.0 * (s + self.visibility_secs) { k = 1; m.blocked = Some(now); } }
                    } else { m.blocked = None; }
                    hold = n - k;
                }
            }
        } else { m.blocked = None; }
        hold
    }
}
