/** What there is to know about the service in numbers, in the text format of Prometheus. */
import type { JobService } from "../lib/service/service.ts";

/** Upper ends of the buckets of durations, in seconds. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** Counts requests as they end. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #buckets = new Float64Array(BUCKETS.length + 1);
  #seconds = 0;
  /** Event streams open now. */
  streams = 0;

  /** @param route the pattern that matched, never the path itself: labels are to stay few */
  count(method: string, route: string, status: number, seconds: number): void {
    const labels = `method="${method}",route="${route}",status="${status}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    const bucket = BUCKETS.findIndex((end) => seconds <= end);
    this.#buckets[bucket < 0 ? BUCKETS.length : bucket]++;
    this.#seconds += seconds;
  }

  text(service: JobService): string {
    let below = 0;
    const durations = [...BUCKETS.map(String), "+Inf"].map((end, i) => {
      below += this.#buckets[i];
      return `hillmix_http_request_seconds_bucket{le="${end}"} ${below}`;
    });
    return [
      "# HELP hillmix_jobs Jobs in the store, by state.",
      "# TYPE hillmix_jobs gauge",
      ...Object.entries(service.counts()).map(([state, n]) => `hillmix_jobs{state="${state}"} ${n}`),
      "# HELP hillmix_engine_up Whether the process that computes is there.",
      "# TYPE hillmix_engine_up gauge",
      `hillmix_engine_up ${service.engine === undefined ? 0 : 1}`,
      "# HELP hillmix_engine_starts_total Processes that compute, started so far.",
      "# TYPE hillmix_engine_starts_total counter",
      `hillmix_engine_starts_total ${service.dispatcher.started}`,
      "# HELP hillmix_webhooks Webhooks of jobs that have ended, by state.",
      "# TYPE hillmix_webhooks gauge",
      ...Object.entries(service.deliveryCounts()).map(([state, n]) =>
        `hillmix_webhooks{state="${state}"} ${n}`
      ),
      "# HELP hillmix_event_streams Event streams open now.",
      "# TYPE hillmix_event_streams gauge",
      `hillmix_event_streams ${this.streams}`,
      "# HELP hillmix_http_requests_total Requests answered.",
      "# TYPE hillmix_http_requests_total counter",
      ...[...this.#requests].map(([labels, n]) => `hillmix_http_requests_total{${labels}} ${n}`),
      "# HELP hillmix_http_request_seconds Time from a request to the head of its answer.",
      "# TYPE hillmix_http_request_seconds histogram",
      ...durations,
      `hillmix_http_request_seconds_sum ${this.#seconds}`,
      `hillmix_http_request_seconds_count ${below}`,
      "# HELP process_resident_memory_bytes Memory of the process that answers requests.",
      "# TYPE process_resident_memory_bytes gauge",
      `process_resident_memory_bytes ${Deno.memoryUsage().rss}`,
      "",
    ].join("\n");
  }
}
