//! `/healthz` and `/metrics` of the whole cloud on one port, for monitoring: the gateway asks every service.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kit::http::read_body;
use kit::{Context, ServiceName};

/// One service's metrics may be this big.
const MAX_METRICS: usize = 16 << 20;

pub fn router(context: &Context) -> Router {
    let (health, metrics) = (context.clone(), context.clone());
    Router::new()
        .route("/healthz", get(move || answer_health(health.clone())))
        .route("/metrics", get(move || answer_metrics(metrics.clone())))
}

fn others() -> impl Iterator<Item = ServiceName> {
    ServiceName::ALL.into_iter().filter(|service| *service != ServiceName::Gateway)
}

/// 200 and `ok` when every service answers, else 503 and a line for each that does not.
async fn answer_health(context: Context) -> Response {
    let mut down = String::new();
    for service in others() {
        if let Err(why) = ask(&context, service, "/healthz").await {
            down.push_str(&format!("{service}: {why}\n"));
        }
    }
    if down.is_empty() {
        (StatusCode::OK, "ok\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, down).into_response()
    }
}

/// The metrics of all services; a service that does not answer is missing, and `/healthz` says so.
async fn answer_metrics(context: Context) -> Response {
    let mut families = Families::default();
    families.add(&context.metrics.render());
    for service in others() {
        if let Ok(text) = ask(&context, service, "/metrics").await {
            families.add(&text);
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], families.render()).into_response()
}

async fn ask(context: &Context, service: ServiceName, path: &str) -> Result<String, String> {
    let request = Request::get(path)
        .header(header::HOST, "murus")
        .body(Body::empty())
        .map_err(|error| error.to_string())?;
    let response = context.peers.internal(service).send(request).await.map_err(|error| error.to_string())?;
    let status = response.status();
    let body = read_body(response.into_body(), MAX_METRICS).await.map_err(|error| error.to_string())?;
    if status == StatusCode::OK {
        Ok(String::from_utf8_lossy(&body).into_owned())
    } else {
        Err(format!("answered {status}"))
    }
}

/// Metric families of several processes, merged: one HELP and TYPE each, and no line twice (services that share a
/// process share its metrics).
#[derive(Default)]
struct Families {
    order: Vec<String>,
    lines: BTreeMap<String, Vec<String>>,
}

impl Families {
    fn add(&mut self, text: &str) {
        let mut family = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE ")) {
                family = rest.split(' ').next().unwrap_or("").to_owned();
            }
            if !self.lines.contains_key(&family) {
                self.order.push(family.clone());
            }
            let lines = self.lines.entry(family.clone()).or_default();
            if !lines.iter().any(|known| known == line) {
                lines.push(line.to_owned());
            }
        }
    }

    fn render(&self) -> String {
        self.order.iter().flat_map(|family| &self.lines[family]).map(|line| format!("{line}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_several_processes_merge_into_one() {
        let mut families = Families::default();
        families.add("# TYPE a counter\na{x=\"1\"} 1\n# TYPE b gauge\nb 2\n");
        families.add("# TYPE a counter\na{x=\"2\"} 5\n");
        assert_eq!(families.render(), "# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 5\n# TYPE b gauge\nb 2\n");
    }
}
