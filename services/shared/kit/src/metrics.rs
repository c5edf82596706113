//! Counters and timings in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the timing buckets, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// The metrics of a process. Clones share them.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Families>>);

#[derive(Default)]
struct Families {
    requests: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    durations: BTreeMap<(&'static str, &'static str), Histogram>,
    passes: BTreeMap<(&'static str, &'static str), u64>,
    gauges: BTreeMap<(&'static str, String), f64>,
    counters: BTreeMap<(&'static str, String), u64>,
}

#[derive(Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum_s: f64,
}

impl Metrics {
    /// Counts a finished request. `code` is `ok` or the error code.
    pub fn request(&self, service: &'static str, action: &'static str, code: &'static str, took: Duration) {
        let mut families = self.lock();
        *families.requests.entry((service, action, code)).or_default() += 1;
        families.durations.entry((service, action)).or_default().observe(took.as_secs_f64());
    }

    /// Counts a reconciler's pass; `outcome` is `idle`, `worked` or `failed`.
    pub fn pass(&self, reconciler: &'static str, outcome: &'static str) {
        *self.lock().passes.entry((reconciler, outcome)).or_default() += 1;
    }

    /// Adds to a counter; `labels` as for a gauge.
    pub fn count(&self, name: &'static str, labels: &str, more: u64) {
        *self.lock().counters.entry((name, labels.to_owned())).or_default() += more;
    }

    /// Sets a gauge; `labels` are written as they are, such as `state="running"`.
    pub fn gauge(&self, name: &'static str, labels: &str, value: f64) {
        self.lock().gauges.insert((name, labels.to_owned()), value);
    }

    /// All of them as text.
    pub fn render(&self) -> String {
        let families = self.lock();
        let mut out = String::new();
        // writing to a String cannot fail
        let _ = families.write(&mut out);
        out
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Families> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Histogram {
    fn observe(&mut self, value: f64) {
        for (bound, count) in BUCKETS.iter().zip(&mut self.buckets) {
            if value <= *bound {
                *count += 1;
            }
        }
        self.count += 1;
        self.sum_s += value;
    }
}

impl Families {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# HELP murus_requests_total Requests by service, action and outcome.")?;
        writeln!(out, "# TYPE murus_requests_total counter")?;
        for ((service, action, code), count) in &self.requests {
            writeln!(
                out,
                "murus_requests_total{{service=\"{service}\",action=\"{action}\",code=\"{code}\"}} {count}"
            )?;
        }
        writeln!(out, "# HELP murus_request_seconds Time from a request's arrival to its reply.")?;
        writeln!(out, "# TYPE murus_request_seconds histogram")?;
        for ((service, action), histogram) in &self.durations {
            let labels = format!("service=\"{service}\",action=\"{action}\"");
            for (bound, count) in BUCKETS.iter().zip(&histogram.buckets) {
                writeln!(out, "murus_request_seconds_bucket{{{labels},le=\"{bound}\"}} {count}")?;
            }
            writeln!(out, "murus_request_seconds_bucket{{{labels},le=\"+Inf\"}} {}", histogram.count)?;
            writeln!(out, "murus_request_seconds_sum{{{labels}}} {}", histogram.sum_s)?;
            writeln!(out, "murus_request_seconds_count{{{labels}}} {}", histogram.count)?;
        }
        writeln!(out, "# HELP murus_reconciler_passes_total Passes of reconcilers by outcome.")?;
        writeln!(out, "# TYPE murus_reconciler_passes_total counter")?;
        for ((name, outcome), count) in &self.passes {
            writeln!(
                out,
                "murus_reconciler_passes_total{{reconciler=\"{name}\",outcome=\"{outcome}\"}} {count}"
            )?;
        }
        family(out, "counter", &self.counters)?;
        family(out, "gauge", &self.gauges)
    }
}

/// Writes metrics of one kind, those of a name together.
fn family<T: std::fmt::Display>(
    out: &mut String,
    kind: &str,
    all: &BTreeMap<(&'static str, String), T>,
) -> std::fmt::Result {
    let mut last = "";
    for ((name, labels), value) in all {
        if *name != last {
            writeln!(out, "# TYPE {name} {kind}")?;
            last = name;
        }
        match labels.as_str() {
            "" => writeln!(out, "{name} {value}")?,
            labels => writeln!(out, "{name}{{{labels}}} {value}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_and_timed() {
        let metrics = Metrics::default();
        metrics.request("ec2", "RunInstances", "ok", Duration::from_millis(3));
        metrics.gauge("murus_instances", "state=\"running\"", 2.0);
        let text = metrics.render();
        for line in [
            "murus_requests_total{service=\"ec2\",action=\"RunInstances\",code=\"ok\"} 1",
            "murus_request_seconds_bucket{service=\"ec2\",action=\"RunInstances\",le=\"0.0025\"} 0",
            "murus_request_seconds_bucket{service=\"ec2\",action=\"RunInstances\",le=\"0.005\"} 1",
            "murus_instances{state=\"running\"} 2",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
    }
}
